//! Zip archives, each entry read as a file of its own.

use super::inflate::Inflate;
use super::packed::{Guard, unpack};
use super::window::Window;
use super::{Out, Shape, is_no_log};
use std::io::{self, Read};
use std::path::Path;

/// Reads the entries of a zip archive one after another as they come, without its directory at the end: so it can be read once,
/// from anything, and hashed on the way.
pub(super) fn read(win: &mut Window<'_>, out: &mut Out<'_>, level: u8) {
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
            _ => Box::new(Inflate::new(&mut *win)),
        };
        let mut crc = Summed { inner: &mut data, crc: flate2::Crc::new() };
        let guard = Guard::new(&mut crc, out);
        let mut tee = Shared { inner: guard, broken: None };
        if is_log {
            let (records, troubles, containers) = (out.records, out.troubles.len(), out.containers);
            let shape = out.shape.take();
            unpack(Window::new(&mut tee), out, level + 1);
            let is_silent =
                out.records == records && out.troubles.len() == troubles && out.containers == containers;
            let is_prose = is_no_log(Path::new(&self.name), out.shape.unwrap_or(Shape::Text));
            if is_silent && out.unnamed == 0 && !is_prose {
                out.trouble(0, "no records in it");
            }
            out.shape = shape.filter(|s| !s.is_nothing()).or(out.shape).or(shape);
        }
        // Its end is where the next entry starts.
        if !out.stopped && tee.broken.is_none() {
            tee.broken = io::copy(&mut tee, &mut io::sink()).err().map(|e| e.to_string());
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
        self.inner.read(buf).inspect_err(|e| self.broken = Some(e.to_string()))
    }
}
