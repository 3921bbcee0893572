//! A gzip file of one member, unpacked at once: three times as fast as in pieces.
//!
//! Whatever is not exactly that (many members, damage, something after the end, too much) is `None`, and for the careful way.

use libdeflater::{Crc, Decompressor};
use memchr::memmem;

/// Deflate packs no better.
const RATIO: usize = 1032;

/// Unpacks files one after another into the same memory.
pub struct Unpacker {
    raw: Decompressor,
    plain: Vec<u8>,
}

impl Default for Unpacker {
    fn default() -> Unpacker {
        Unpacker { raw: Decompressor::new(), plain: Vec::new() }
    }
}

impl Unpacker {
    pub fn is_gzip(packed: &[u8]) -> bool {
        packed.starts_with(b"\x1f\x8b\x08")
    }

    /// Returns all that a file holds, when its size is at most `limit` and its checksum is right.
    pub fn unpack(&mut self, packed: &[u8], limit: usize) -> Option<&[u8]> {
        let (body, length) = packed.split_last_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if size > limit || size > body.len().saturating_mul(RATIO) {
            return None;
        }
        if self.plain.len() < size {
            self.plain.resize(size, 0);
        }
        let plain = &mut self.plain[..size];
        // This holds the first member against its own checksum and length.
        if self.raw.gzip_decompress(packed, plain).ok()? != size {
            return None;
        }
        // It does not say where that member ended. Had it ended before the file does, then its length, which is this one, would
        // stand there behind its checksum.
        let (mut from, mut sum) = (0, None);
        while let Some(at) = memmem::find(&body[from..], length) {
            let sum = *sum.get_or_insert_with(|| crc(plain));
            if body[..from + at].last_chunk::<4>() == Some(&sum) {
                return None;
            }
            from += at + 1;
        }
        Some(&self.plain[..size])
    }
}

fn crc(plain: &[u8]) -> [u8; 4] {
    let mut sum = Crc::new();
    sum.update(plain);
    sum.sum().to_le_bytes()
}
