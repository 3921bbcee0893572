//! One change of every kind there is, so that lists of what they need are never written twice: made through `Deserialize`, which
//! knows every variant and field. Called by [`super::AwsChange::samples`].

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;

/// Texts that fields take: some are times.
const TEXTS: [&str; 2] = ["x", "2026-01-01T00:00:00Z"];

/// Returns every variant of an enum, with every variant of the enums inside, and with what is optional and without; an error
/// names the first that can't be made.
pub(super) fn of<T: for<'de> Deserialize<'de> + Ord>() -> Result<Vec<T>, Error> {
    let mut samples = Vec::new();
    let (mut at, mut count) = (0, 1);
    while at < count {
        let (mut inner, mut inners) = (0, 1);
        while inner < inners {
            for full in [false, true] {
                let seen = Seen { variants: Cell::new(0), inners: Cell::new(1) };
                let make =
                    |text| T::deserialize(Sampler { variant: Some(at), inner, full, text, seen: &seen });
                samples.push(make(TEXTS[0]).or_else(|_| make(TEXTS[1]))?);
                count = seen.variants.get();
                inners = inners.max(seen.inners.get());
            }
            inner += 1;
        }
        at += 1;
    }
    samples.sort();
    samples.dedup();
    Ok(samples)
}

/// How many variants were met.
struct Seen {
    variants: Cell<usize>,
    inners: Cell<usize>,
}

#[derive(Clone, Copy)]
struct Sampler<'s> {
    /// Which variant of the outer enum; absent inside.
    variant: Option<usize>,
    /// Which variant of every enum inside.
    inner: usize,
    /// Whether what is optional is there, and what is yes or no is yes.
    full: bool,
    text: &'static str,
    seen: &'s Seen,
}

impl Sampler<'_> {
    fn inside(self) -> Self {
        Sampler { variant: None, ..self }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(1 as $type)
        })*
    };
}

impl<'de> Deserializer<'de> for Sampler<'_> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.full)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_char('x')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.text.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.text.as_bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.full { visitor.visit_some(self.inside()) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self.inside())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { left: 1, sampler: self.inside() })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { left: len, sampler: self.inside() })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { left: len, sampler: self.inside() })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { names: &[], sampler: self.inside() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { names, sampler: self.inside() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let at = match self.variant {
            Some(at) => {
                self.seen.variants.set(variants.len());
                at
            }
            None => {
                self.seen.inners.set(self.seen.inners.get().max(variants.len()));
                self.inner % variants.len().max(1)
            }
        };
        let variant =
            variants.get(at).ok_or_else(|| de::Error::custom(format!("{name} has no variant {at}")))?;
        visitor.visit_enum(Variant { name: variant, sampler: self.inside() })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

struct Items<'s> {
    left: usize,
    sampler: Sampler<'s>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.sampler).map(Some)
    }
}

struct Fields<'s> {
    names: &'static [&'static str],
    sampler: Sampler<'s>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        match self.names.first() {
            Some(name) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.names = self.names.get(1..).unwrap_or_default();
        seed.deserialize(self.sampler)
    }
}

struct Variant<'s> {
    name: &'static str,
    sampler: Sampler<'s>,
}

impl<'de, 's> EnumAccess<'de> for Variant<'s> {
    type Error = Error;
    type Variant = Sampler<'s>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Sampler<'s>), Error> {
        Ok((seed.deserialize(StrDeserializer::new(self.name))?, self.sampler))
    }
}

impl<'de> VariantAccess<'de> for Sampler<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { names, sampler: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Two,
        Three,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Part {
        kind: Kind,
        pairs: Vec<(Arc<str>, u32)>,
        words: BTreeMap<String, String>,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Power {
        Plain { id: Arc<str> },
        Whole { part: Part, hard: bool },
        Timed { at: Option<Time>, id: String },
        Bare,
    }

    #[test]
    fn every_variant_outside_and_inside_is_made() {
        let samples = of::<Power>().unwrap();
        let count = |is: fn(&Power) -> bool| samples.iter().filter(|one| is(one)).count();
        assert_eq!(count(|one| matches!(one, Power::Plain { .. })), 1);
        // Three kinds, yes and no.
        assert_eq!(count(|one| matches!(one, Power::Whole { .. })), 6);
        assert_eq!(count(|one| matches!(one, Power::Timed { at: Some(_), .. })), 1);
        assert_eq!(count(|one| matches!(one, Power::Timed { at: None, .. })), 1);
        assert_eq!(count(|one| matches!(one, Power::Bare)), 1);
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    enum Strange {
        Address { at: std::net::Ipv4Addr },
    }

    #[test]
    fn what_can_not_be_made_is_an_error_and_not_left_out() {
        assert!(of::<Strange>().is_err());
    }
}
