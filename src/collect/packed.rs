//! Numbers and texts as few bytes, for what is remembered of files: as many notes as there are files.
//!
//! Whoever reads them takes what is not as it was written for nothing at all; see [`super::remembered`].

/// Bytes that are being written.
#[derive(Default)]
pub struct Packer(pub Vec<u8>);

impl Packer {
    /// Seven bits a byte, the low ones first.
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// One that may be below zero.
    pub fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    pub fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Packer, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Numbers that any bit tells apart, as they are.
    pub fn words(&mut self, words: &[u64]) {
        self.number(words.len() as u64);
        words.iter().for_each(|word| self.0.extend_from_slice(&word.to_le_bytes()));
    }
}

/// Bytes that are being read; `None` wherever they are not what was written.
pub struct Packed<'a>(pub &'a [u8]);

impl<'a> Packed<'a> {
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub fn maybe<T>(&mut self, read: impl FnOnce(&mut Packed<'a>) -> Option<T>) -> Option<Option<T>> {
        match self.take(1)? {
            [0] => Some(None),
            [1] => read(self).map(Some),
            _ => None,
        }
    }

    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.size()?;
        self.take(len)
    }

    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn words(&mut self) -> Option<Vec<u64>> {
        let len = self.size()?.checked_mul(8)?;
        Some(self.take(len)?.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let numbers = [0, 1, 127, 128, 300, 1 << 35, u64::MAX - 1, u64::MAX];
        let signed = [0, -1, 1, i64::MIN, i64::MAX, -300];
        let mut out = Packer::default();
        numbers.iter().for_each(|number| out.number(*number));
        signed.iter().for_each(|number| out.signed(*number));
        out.text("shop");
        out.maybe(Some(7), Packer::number);
        out.maybe(None, Packer::number);
        out.words(&numbers);
        let mut read = Packed(&out.0);
        numbers.iter().for_each(|number| assert_eq!(read.number(), Some(*number)));
        signed.iter().for_each(|number| assert_eq!(read.signed(), Some(*number)));
        assert_eq!(read.text(), Some("shop"));
        assert_eq!((read.maybe(Packed::number), read.maybe(Packed::number)), (Some(Some(7)), Some(None)));
        assert_eq!(read.words().as_deref(), Some(&numbers[..]));
        assert!(read.0.is_empty());
    }

    #[test]
    fn what_is_cut_or_made_up_is_nothing() {
        for bytes in [
            &b""[..],
            b"\x80",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        ] {
            assert_eq!(Packed(bytes).number(), None, "{bytes:?}");
        }
        assert_eq!(Packed(b"\x05shop").text(), None);
        assert_eq!(Packed(b"\x01\xff").text(), None);
        assert_eq!(Packed(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").words(), None);
        assert_eq!(Packed(b"\x02\x01").maybe(Packed::number), None);
    }
}
