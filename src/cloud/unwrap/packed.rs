//! What lies around a text: gzip (also many members), zip, UTF-16; told by the first bytes. Guards against bombs.

use super::window::Window;
use super::{Meter, Out, Shape, reason, text};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Packing in packing beyond this is no export.
const MAX_LEVEL: u8 = 3;

/// Enough for a decoder's input.
const CHUNK: usize = 64 << 10;

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
struct Guard<R> {
    inner: R,
    meter: Rc<Meter>,
    limits: super::Limits,
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
        let guard = Guard { inner: MultiGzDecoder::new(win), meter: out.meter.clone(), limits: out.limits };
        return unpack(Window::new(guard), out, level + 1);
    }
    if head.starts_with(b"PK\x03\x04") {
        packing(out, "zip");
        return unzip(&mut win, out, level);
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
        let utf8 = Utf16 { inner: win, big_endian, high: None, ready: Vec::new(), given: 0 };
        return text(&mut Window::new(utf8), out);
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

/// Reads the entries of a zip archive one after another as they come, without its directory at the end: so it can be read once,
/// from anything, and hashed on the way.
fn unzip(win: &mut Window<'_>, out: &mut Out<'_>, level: u8) {
    let outer = out.entry.take();
    while !out.stopped {
        let at = win.keep();
        let head = win.peek(at, 30);
        if !head.starts_with(b"PK\x03\x04") {
            if !(head.starts_with(b"PK\x01\x02")
                || head.starts_with(b"PK\x05\x06")
                || head.starts_with(b"PK\x06\x06"))
            {
                out.trouble(0, "the zip archive is cut off or damaged: entries may be missing");
            }
            break;
        }
        let Some(entry) = Entry::parse(win) else {
            out.trouble(0, "the zip archive is cut off: entries may be missing");
            break;
        };
        out.entry = Some(match &outer {
            Some(outer) => format!("{outer}!{}", entry.name),
            None => entry.name.clone(),
        });
        let go_on = entry.read(win, out, level);
        out.entry = None;
        if !go_on {
            break;
        }
    }
    out.containers += 1;
    out.entry = outer;
}

/// One file of a zip archive, from its local header.
struct Entry {
    name: String,
    is_encrypted: bool,
    has_descriptor: bool,
    method: u16,
    crc: u32,
    packed: u64,
}

impl Entry {
    fn parse(win: &mut Window<'_>) -> Option<Entry> {
        let at = win.keep();
        let head = win.peek(at, 30).get(..30)?;
        let u16_at = |n: usize| u16::from_le_bytes([head[n], head[n + 1]]);
        let u32_at = |n: usize| u32::from_le_bytes([head[n], head[n + 1], head[n + 2], head[n + 3]]);
        let (flags, method, crc) = (u16_at(6), u16_at(8), u32_at(14));
        let (packed, plain) = (u32_at(18), u32_at(22));
        let (name_len, extra_len) = (usize::from(u16_at(26)), usize::from(u16_at(28)));
        let all = 30 + name_len + extra_len;
        let head = win.peek(at, all).get(..all)?;
        let name = String::from_utf8_lossy(&head[30..30 + name_len]).chars().take(200).collect();
        let packed = match packed {
            u32::MAX => zip64_packed(&head[30 + name_len..], plain == u32::MAX)?,
            n => u64::from(n),
        };
        win.release(at + all as u64);
        Some(Entry {
            name,
            is_encrypted: flags & 1 != 0,
            has_descriptor: flags & 8 != 0,
            method,
            crc,
            packed,
        })
    }

    /// Reads the entry and steps to the next; false when that cannot be found.
    fn read(&self, win: &mut Window<'_>, out: &mut Out<'_>, level: u8) -> bool {
        let is_log = !self.name.ends_with('/') && !self.name.starts_with("__MACOSX/");
        let knows_end = !self.has_descriptor || self.packed > 0;
        let problem = match (self.is_encrypted, self.method) {
            (true, _) => Some("it is encrypted".to_owned()),
            (false, 0) if knows_end => None,
            (false, 8) => None,
            (false, method) => Some(format!("its compression (method {method}) is not read")),
        };
        if let Some(why) = problem {
            out.trouble(0, why);
            if !knows_end {
                out.trouble(0, "and what comes after it in the archive cannot be found");
                return false;
            }
            return self.skip(win) && self.skip_descriptor(win);
        }
        let mut data: Box<dyn Read + '_> = match self.method {
            0 => Box::new(win.by_ref().take(self.packed)),
            _ => Box::new(DeflateDecoder::new(win.by_ref())),
        };
        let mut crc = Summed { inner: &mut data, crc: flate2::Crc::new() };
        let guard = Guard { inner: &mut crc, meter: out.meter.clone(), limits: out.limits };
        let mut tee = Shared { inner: guard, broken: None };
        if is_log {
            let (records, troubles, containers) = (out.records, out.troubles.len(), out.containers);
            let shape = out.shape.take();
            unpack(Window::sized(&mut tee, CHUNK), out, level + 1);
            let is_silent =
                out.records == records && out.troubles.len() == troubles && out.containers == containers;
            if is_silent && out.unnamed == 0 && out.shape != Some(Shape::Text) {
                out.trouble(0, "no records in it");
            }
            out.shape = shape.or(out.shape);
        }
        // Its end is where the next entry starts.
        if !out.stopped && tee.broken.is_none() {
            tee.broken = io::copy(&mut tee, &mut io::sink()).err().map(|e| reason(&e));
        }
        if let Some(why) = tee.broken.take() {
            let why = if is_log { String::new() } else { format!("{why}; ") };
            out.trouble(0, format!("{why}what comes after it in the archive cannot be found"));
            return false;
        }
        let sum = crc.crc.sum();
        drop(data);
        let described = if self.has_descriptor { self.descriptor_crc(win) } else { Some(self.crc) };
        if !out.stopped && described != Some(sum) {
            out.trouble(0, "its checksum does not match: what was read of it may be damaged");
        }
        self.skip_descriptor(win)
    }

    fn skip(&self, win: &mut Window<'_>) -> bool {
        io::copy(&mut win.by_ref().take(self.packed), &mut io::sink()).is_ok_and(|n| n == self.packed)
    }

    fn descriptor_crc(&self, win: &mut Window<'_>) -> Option<u32> {
        let at = win.keep();
        let held = win.peek(at, 8);
        let held = held.strip_prefix(b"PK\x07\x08").unwrap_or(held);
        Some(u32::from_le_bytes(held.get(..4)?.try_into().ok()?))
    }

    /// Steps over the sizes that may follow an entry: with or without their mark, of 4 or 8 bytes.
    fn skip_descriptor(&self, win: &mut Window<'_>) -> bool {
        if !self.has_descriptor {
            return true;
        }
        let at = win.keep();
        let held = win.peek(at, 28);
        let next = [16, 24, 12, 20].into_iter().find(|n| {
            let rest = held.get(*n..).unwrap_or_default();
            [&b"PK\x03\x04"[..], b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"]
                .iter()
                .any(|m| rest.starts_with(m))
        });
        if let Some(n) = next {
            win.release(at + n as u64);
        }
        // When none fits, the caller sees that no entry starts here, and says so.
        true
    }
}

/// The compressed size from a zip64 extra field, which lists only those sizes that did not fit.
fn zip64_packed(mut extra: &[u8], has_plain: bool) -> Option<u64> {
    while extra.len() >= 4 {
        let id = u16::from_le_bytes([extra[0], extra[1]]);
        let size = usize::from(u16::from_le_bytes([extra[2], extra[3]]));
        let body = extra.get(4..4 + size)?;
        if id == 1 {
            let at = if has_plain { 8 } else { 0 };
            return Some(u64::from_le_bytes(body.get(at..at + 8)?.try_into().ok()?));
        }
        extra = &extra[4 + size..];
    }
    None
}

struct Summed<R> {
    inner: R,
    crc: flate2::Crc,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.crc.update(&buf[..n]);
        Ok(n)
    }
}

/// Remembers that its input broke after whoever read it has reported that.
struct Shared<R> {
    inner: R,
    broken: Option<String>,
}

impl<R: Read> Read for Shared<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf).inspect_err(|e| self.broken = Some(reason(e)))
    }
}

/// UTF-16 → UTF-8: what PowerShell's `>` writes.
struct Utf16<'r> {
    inner: Window<'r>,
    big_endian: bool,
    high: Option<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl Utf16<'_> {
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
