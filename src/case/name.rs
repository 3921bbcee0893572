//! One safe file name for whatever an account, region or source is called.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// File systems allow 255 bytes; suffixes and a temporary name must fit too.
const LONGEST: usize = 160;

/// Returns a file name that stays in its folder: letters, digits and `-_@+=,.` as they are, all else percent-encoded,
/// also a dot that leads, ends or follows a dot. Different names stay different; a long one ends in its hash.
pub fn safe_component(name: &str) -> String {
    match name {
        "" => return "_".into(),
        "_" => return "%5F".into(),
        _ => {}
    }
    let mut safe = String::new();
    for (at, byte) in name.bytes().enumerate() {
        let is_plain = match byte {
            b'.' => at > 0 && at + 1 < name.len() && name.as_bytes()[at - 1] != b'.',
            _ => byte.is_ascii_alphanumeric() || b"-_@+=,".contains(&byte),
        };
        if is_plain {
            safe.push(byte as char);
        } else {
            write!(safe, "%{byte:02X}").expect("a String takes every write");
        }
    }
    if safe.len() <= LONGEST {
        return safe;
    }
    // `~` is encoded everywhere else, so that no short name looks like a long one's.
    safe.truncate(LONGEST - 33);
    safe.push('~');
    safe + &hex(&Sha256::digest(name.as_bytes()))[..32]
}

/// Returns bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes every write");
        hex
    })
}
