//! A sliding window over an input of any length: the only place that buffers, and that counts lines.
//!
//! Positions are absolute offsets into the (decompressed) input, so that they stay true while the window slides. Only what
//! lies at or after `keep` is held.

use std::io::{self, BufRead, Read};

/// How much is asked of the source at once: fits the second-level cache.
const CHUNK: usize = 256 << 10;

/// How much is asked of it first.
const FIRST: usize = 16 << 10;

/// How far back one may look from any position that is held.
const HISTORY: u64 = 1024;

pub(super) struct Window<'r> {
    src: Box<dyn Read + 'r>,
    buf: Vec<u8>,
    end: usize,
    /// Position of `buf[0]`.
    base: u64,
    keep: u64,
    /// Newlines before `counted`.
    lines: u64,
    counted: u64,
    chunk: usize,
    eof: bool,
    /// Why reading stopped before the end.
    pub error: Option<io::Error>,
}

impl<'r> Window<'r> {
    pub fn new(src: impl Read + 'r) -> Window<'r> {
        Window::sized(src, CHUNK)
    }

    /// For small inputs, and for what is only handed on to a decoder.
    pub fn sized(src: impl Read + 'r, chunk: usize) -> Window<'r> {
        Window {
            src: Box::new(src),
            buf: Vec::new(),
            end: 0,
            base: 0,
            keep: 0,
            lines: 0,
            counted: 0,
            chunk,
            eof: false,
            error: None,
        }
    }

    /// A window over bytes that begin on the given 1-based line of something larger.
    pub fn within(bytes: &'r [u8], line: u64) -> Window<'r> {
        let mut window = Window::sized(bytes, CHUNK.min(bytes.len() + 1));
        window.lines = line.saturating_sub(1);
        window
    }

    pub fn keep(&self) -> u64 {
        self.keep
    }

    /// Nothing before this position will be asked for again.
    pub fn release(&mut self, before: u64) {
        debug_assert!(before >= self.keep && before <= self.end());
        self.keep = before;
    }

    /// Position after the last byte held.
    pub fn end(&self) -> u64 {
        self.base + self.end as u64
    }

    /// What is held from this position on.
    pub fn from(&self, at: u64) -> &[u8] {
        &self.buf[(at - self.base) as usize..self.end]
    }

    pub fn slice(&self, from: u64, to: u64) -> &[u8] {
        &self.buf[(from - self.base) as usize..(to - self.base) as usize]
    }

    /// The bytes just before this position, and whether they reach back to the start of the input.
    pub fn before(&self, at: u64) -> (&[u8], bool) {
        let from = at.saturating_sub(HISTORY);
        (self.slice(from.max(self.base), at), from == 0)
    }

    /// Reads on; false when there is nothing more or it cannot be read.
    pub fn more(&mut self) -> bool {
        if self.eof {
            return false;
        }
        let len = self.buf.len();
        if len - self.end < len / 2 {
            self.slide();
        }
        if len < self.chunk {
            // Most files are small: only a long one gets a whole chunk.
            self.buf.resize((len * 2).clamp(FIRST.min(self.chunk), self.chunk), 0);
        } else if len - self.end < self.chunk / 2 {
            // What must be kept fills the buffer: grow by half, so that a long record costs no more than twice its length.
            self.buf.resize(len + len / 2, 0);
        }
        loop {
            match self.src.read(&mut self.buf[self.end..]) {
                Ok(0) => self.eof = true,
                Ok(n) => {
                    self.end += n;
                    return true;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    self.eof = true;
                    self.error = Some(e);
                }
            }
            return false;
        }
    }

    /// Reads until `n` bytes from `at` are held or the input ends, and returns what is held (maybe more, maybe less).
    pub fn peek(&mut self, at: u64, n: usize) -> &[u8] {
        while (self.end() - at) < n as u64 && self.more() {}
        self.from(at)
    }

    /// The next line from `keep` on, with its newline, as far as `max` bytes: a longer one comes in pieces.
    pub fn line(&mut self, max: u64) -> Option<(u64, u64)> {
        let from = self.keep;
        let mut seen = from;
        loop {
            if let Some(n) = memchr::memchr(b'\n', self.from(seen)) {
                return Some((from, seen + n as u64 + 1));
            }
            seen = self.end();
            if seen - from >= max || !self.more() {
                return (seen > from).then_some((from, seen));
            }
        }
    }

    fn slide(&mut self) {
        let base = self.keep.saturating_sub(HISTORY).max(self.base);
        let drop = (base - self.base) as usize;
        if drop == 0 {
            return;
        }
        if self.counted < base {
            self.line_at(base);
        }
        self.buf.copy_within(drop..self.end, 0);
        self.end -= drop;
        self.base = base;
    }

    /// 1-based line of a position. Looking back before what was already counted costs a recount, and is for errors.
    pub fn line_at(&mut self, at: u64) -> u64 {
        if at >= self.counted {
            self.lines += newlines(self.slice(self.counted, at));
        } else if at >= self.base {
            self.lines -= newlines(self.slice(at, self.counted));
        } else {
            return self.lines + 1;
        }
        self.counted = at;
        self.lines + 1
    }
}

pub(super) fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.keep == self.end()
            && !self.more()
            && let Some(e) = self.error.take()
        {
            return Err(e);
        }
        Ok(self.from(self.keep))
    }

    fn consume(&mut self, n: usize) {
        self.keep += n as u64;
    }
}

impl Read for Window<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let held = self.fill_buf()?;
        let n = held.len().min(out.len());
        out[..n].copy_from_slice(&held[..n]);
        self.consume(n);
        Ok(n)
    }
}
