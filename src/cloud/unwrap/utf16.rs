//! UTF-16 → UTF-8: what PowerShell's `>` writes.

use super::window::Window;
use std::io::{self, BufRead, Read};

/// How much is turned at once.
const CHUNK: usize = 64 << 10;

/// Reads as UTF-8; half a surrogate pair becomes a replacement character.
pub(super) struct Utf16<'r> {
    inner: Window<'r>,
    big_endian: bool,
    high: Option<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl<'r> Utf16<'r> {
    /// Over a window that stands after the byte-order mark.
    pub fn new(inner: Window<'r>, big_endian: bool) -> Utf16<'r> {
        Utf16 { inner, big_endian, high: None, ready: Vec::new(), given: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        let at = self.inner.keep();
        let held = self.inner.peek(at, 2);
        let (pairs, rest) = held[..held.len().min(CHUNK)].as_chunks::<2>();
        let units = pairs
            .iter()
            .map(|p| if self.big_endian { u16::from_be_bytes(*p) } else { u16::from_le_bytes(*p) });
        let units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
        let mut taken = pairs.len() * 2;
        if pairs.is_empty() {
            // An odd byte at the end.
            taken += rest.len();
        }
        let is_last = pairs.is_empty();
        let (units, high) = match units.split_last() {
            Some((last, before)) if (0xD800..0xDC00).contains(last) && !is_last => (before, Some(*last)),
            _ => (&units[..], None),
        };
        for c in char::decode_utf16(units.iter().copied()) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.high = high;
        self.inner.consume(taken);
        match self.inner.error.take() {
            Some(e) if is_last => Err(e),
            _ => Ok(()),
        }
    }
}

impl Read for Utf16<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            self.refill()?;
            let at = self.inner.keep();
            if self.ready.is_empty() && self.high.is_none() && self.inner.peek(at, 1).is_empty() {
                return match self.inner.error.take() {
                    Some(e) => Err(e),
                    None => Ok(0),
                };
            }
        }
        let n = buf.len().min(self.ready.len() - self.given);
        buf[..n].copy_from_slice(&self.ready[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}
