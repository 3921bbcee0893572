//! Deflate and gzip over a window. Of a damaged stream everything before the damage is given, to the byte, whatever the size
//! of the pieces; the ready-made readers drop what they had decoded when they find it.

use super::window::Window;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::borrow::BorrowMut;
use std::io::{self, BufRead, Read};

/// A raw deflate stream that starts where the window stands, and ends there by itself.
pub(super) struct Inflate<W> {
    win: W,
    raw: Decompress,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Going,
    Ended,
    Corrupt,
}

impl<'r, W: BorrowMut<Window<'r>>> Inflate<W> {
    pub fn new(win: W) -> Inflate<W> {
        Inflate { win, raw: Decompress::new(false), state: State::Going }
    }

    /// Starts over for a stream that follows.
    fn again(&mut self) {
        self.raw.reset(false);
        self.state = State::Going;
    }
}

impl<'r, W: BorrowMut<Window<'r>>> Read for Inflate<W> {
    /// 0 at the end of the stream, which need not be the end of the input.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.state == State::Going {
            let input = self.win.borrow_mut().fill_buf()?;
            let is_end = input.is_empty();
            let (taken, given) = (self.raw.total_in(), self.raw.total_out());
            let result = self.raw.decompress(input, buf, FlushDecompress::None);
            let taken = (self.raw.total_in() - taken) as usize;
            let given = (self.raw.total_out() - given) as usize;
            self.win.borrow_mut().consume(taken);
            match result {
                Ok(Status::StreamEnd) => self.state = State::Ended,
                Ok(Status::Ok | Status::BufError) if given == 0 && is_end => {
                    return Err(io::Error::other("the compressed data is cut off"));
                }
                Ok(Status::Ok | Status::BufError) => {}
                Err(_) => self.state = State::Corrupt,
            }
            if given > 0 || buf.is_empty() {
                return Ok(given);
            }
        }
        match self.state {
            State::Corrupt => Err(io::Error::other("the compressed data is corrupt")),
            State::Going | State::Ended => Ok(0),
        }
    }
}

/// A gzip file of one member or many.
pub(super) struct Gzip<'r> {
    inflate: Inflate<Window<'r>>,
    crc: Crc,
    in_member: bool,
}

impl<'r> Gzip<'r> {
    pub fn new(win: Window<'r>) -> Gzip<'r> {
        Gzip { inflate: Inflate::new(win), crc: Crc::new(), in_member: false }
    }

    /// Steps over the header of a member; false at the end of the file.
    fn start(&mut self) -> io::Result<bool> {
        const CUT_OFF: &str = "the compressed data is cut off";
        let win = &mut self.inflate.win;
        // Tapes and block devices leave zeros at the end, which gzip steps over as well.
        loop {
            let held = win.fill_buf()?;
            let zeros = held.iter().take_while(|c| **c == 0).count();
            if zeros < held.len() {
                win.consume(zeros);
                break;
            }
            if held.is_empty() {
                return Ok(false);
            }
            win.consume(zeros);
        }
        let at = win.keep();
        let head = win.peek(at, 10);
        let Some(head) = head.first_chunk::<10>().filter(|h| h.starts_with(b"\x1f\x8b\x08")) else {
            return Err(io::Error::other(match b"\x1f\x8b\x08".starts_with(&head[..head.len().min(3)]) {
                true => CUT_OFF,
                false => "what follows the compressed data is not gzip",
            }));
        };
        let flags = head[3];
        win.consume(10);
        if flags & 4 != 0 {
            let at = win.keep();
            let size = win.peek(at, 2).first_chunk::<2>().map(|n| usize::from(u16::from_le_bytes(*n)) + 2);
            let size =
                size.filter(|n| win.peek(at, *n).len() >= *n).ok_or_else(|| io::Error::other(CUT_OFF))?;
            win.consume(size);
        }
        // A name and a comment, each up to a zero.
        for _ in [8, 16].iter().filter(|flag| flags & **flag != 0) {
            loop {
                let held = win.fill_buf()?;
                if held.is_empty() {
                    return Err(io::Error::other(CUT_OFF));
                }
                let zero = memchr::memchr(0, held);
                let size = zero.map_or(held.len(), |n| n + 1);
                win.consume(size);
                if zero.is_some() {
                    break;
                }
            }
        }
        if flags & 2 != 0 {
            let at = win.keep();
            let size = win.peek(at, 2).len().min(2);
            win.consume(size);
        }
        self.inflate.again();
        self.crc.reset();
        Ok(true)
    }

    /// Checks a member against its trailer.
    fn end(&mut self) -> io::Result<()> {
        let at = self.inflate.win.keep();
        let Some(trailer) = self.inflate.win.peek(at, 8).first_chunk::<8>() else {
            return Err(io::Error::other("the compressed data is cut off"));
        };
        let [crc, size] = [&trailer[..4], &trailer[4..]]
            .map(|n| u32::from_le_bytes(n.try_into().expect("half of eight bytes is four")));
        if crc != self.crc.sum() || size != self.crc.amount() {
            return Err(io::Error::other("its checksum does not match: what was read of it may be damaged"));
        }
        self.inflate.win.consume(8);
        Ok(())
    }
}

impl Read for Gzip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_member && !self.start()? {
                return Ok(0);
            }
            self.in_member = true;
            let n = self.inflate.read(buf)?;
            self.crc.update(&buf[..n]);
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            self.end()?;
            self.in_member = false;
        }
    }
}
