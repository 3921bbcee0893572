//! What lies around a text: gzip (also many members), zip, UTF-16; told by the first bytes. Guards against bombs.

use super::window::Window;
use super::{Limits, Meter, Out, inflate, text, utf16, zip};
use std::io::{self, Read};
use std::rc::Rc;

/// Packing in packing beyond this is no export.
const MAX_LEVEL: u8 = 3;

/// Counts what is taken from the input.
pub(super) struct Counted<R> {
    pub inner: R,
    pub meter: Rc<Meter>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.meter.packed.set(self.meter.packed.get() + n as u64);
        Ok(n)
    }
}

/// Counts what a decoder gives, and ends it when that is out of all proportion.
pub(super) struct Guard<R> {
    inner: R,
    meter: Rc<Meter>,
    limits: Limits,
}

impl<R: Read> Guard<R> {
    pub fn new(inner: R, out: &Out<'_>) -> Guard<R> {
        Guard { inner, meter: out.meter.clone(), limits: out.limits }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        let (m, l) = (&self.meter, &self.limits);
        m.plain.set(m.plain.get() + n as u64);
        m.barren.set(m.barren.get() + n as u64);
        let (plain, ratio) = (m.plain.get(), m.plain.get() / m.packed.get().max(1));
        let bomb = match () {
            () if plain > l.total => Some(format!("more than {} bytes", l.total)),
            () if plain > l.ratio_from && ratio > l.ratio => Some(format!("more than {} to 1", l.ratio)),
            () if m.barren.get() > l.barren && ratio > l.barren_ratio => {
                Some(format!("{} bytes without a record, {ratio} to 1", l.barren))
            }
            () => None,
        };
        match bomb {
            None => Ok(n),
            Some(what) => {
                Err(io::Error::other(format!("it decompresses to {what}, which is taken for a bomb")))
            }
        }
    }
}

/// Takes off what is around the text, and reads it.
pub(super) fn unpack(mut win: Window<'_>, out: &mut Out<'_>, level: u8) {
    let at = win.keep();
    let head = win.peek(at, 4);
    let is_packed = head.starts_with(b"\x1f\x8b") || head.starts_with(b"PK\x03\x04");
    if is_packed && level >= MAX_LEVEL {
        return out.trouble(0, format!("packed more than {MAX_LEVEL} times over"));
    }
    if head.starts_with(b"\x1f\x8b") {
        packing(out, "gzip");
        let guard = Guard::new(inflate::Gzip::new(win), out);
        return unpack(Window::new(guard), out, level + 1);
    }
    if head.starts_with(b"PK\x03\x04") {
        packing(out, "zip");
        return zip::read(&mut win, out, level);
    }
    if head.starts_with(b"PK\x05\x06") {
        packing(out, "zip");
        out.containers += 1;
        return;
    }
    let big_endian = head.starts_with(b"\xfe\xff");
    if big_endian || head.starts_with(b"\xff\xfe") {
        packing(out, "utf16");
        win.release(at + 2);
        return text(&mut Window::new(utf16::Utf16::new(win, big_endian)), out);
    }
    if head.starts_with(b"\xef\xbb\xbf") {
        win.release(at + 3);
    }
    text(&mut win, out);
}

fn packing(out: &mut Out<'_>, name: &'static str) {
    // An archive of a thousand files is still one packing.
    if out.entry.is_none() || out.packing.len() < usize::from(MAX_LEVEL) && out.packing.last() != Some(&name)
    {
        out.packing.push(name);
    }
}
