//! A reader of JSON that is small once compiled: what a page loads is counted in kilobytes.
//!
//! Of each type it compiles no more than which field comes where: scanning is done by a few functions that know no
//! type, field names are looked up in the list that serde keeps anyway, and an error says nothing but that there is
//! one. What it takes and what it refuses is what `serde_json` takes and refuses, but for structs written as arrays
//! and numbers with a fraction, which the contract has none of; and a name that is no field's is always passed over.

use std::borrow::Cow;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Malformed, RAW};

/// Most levels of nesting, as in `serde_json`.
const DEPTH: u32 = 128;

/// Reads a value.
///
/// # Errors
/// [`Malformed`] where the text is not the JSON of such a value.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Malformed> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    if reader.peek() == END { Ok(value) } else { Err(Malformed) }
}

/// What `peek` gives at the end: no JSON holds it outside of a string.
const END: u8 = 0;

struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u32,
}

impl<'de> Reader<'de> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(END)
    }

    /// The next byte that is no space.
    #[inline(never)]
    fn peek(&mut self) -> u8 {
        while matches!(self.byte(), b' ' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
        self.byte()
    }

    #[inline(never)]
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != byte {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    #[inline(never)]
    fn open(&mut self, byte: u8) -> Result<(), Malformed> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Malformed);
        }
        self.expect(byte)
    }

    /// Whether another entry follows; otherwise the end is behind us.
    #[inline(never)]
    fn more(&mut self, first: &mut bool, close: u8) -> Result<bool, Malformed> {
        let is_first = std::mem::replace(first, false);
        if self.peek() == close {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
            if self.peek() == close {
                return Err(Malformed);
            }
        }
        Ok(true)
    }

    #[inline(never)]
    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    #[inline(never)]
    fn boolean(&mut self) -> Result<bool, Malformed> {
        let value = self.peek() == b't';
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// An integer; its sign and its value.
    #[inline(never)]
    fn integer(&mut self) -> Result<(bool, u64), Malformed> {
        let negative = self.peek() == b'-';
        self.at += usize::from(negative);
        let begin = self.at;
        let mut value = 0_u64;
        while let digit @ b'0'..=b'9' = self.byte() {
            value = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0'))).ok_or(Malformed)?;
            self.at += 1;
        }
        let digits = &self.text.as_bytes()[begin..self.at];
        let padded = digits.len() > 1 && digits.starts_with(b"0");
        if digits.is_empty() || padded || matches!(self.byte(), b'.' | b'e' | b'E') {
            return Err(Malformed);
        }
        Ok((negative, value))
    }

    /// What stands between the quotes, as it stands there, and whether it holds escapes.
    #[inline(never)]
    fn quoted(&mut self) -> Result<(&'de str, bool), Malformed> {
        self.expect(b'"')?;
        let begin = self.at;
        let mut escaped = false;
        loop {
            match self.byte() {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                0..=0x1f => return Err(Malformed),
                _ => self.at += 1,
            }
        }
        let inside = self.text.get(begin..self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok((inside, escaped))
    }

    #[inline(never)]
    fn string(&mut self) -> Result<Cow<'de, str>, Malformed> {
        let (inside, escaped) = self.quoted()?;
        if escaped { unescape(inside).map(Cow::Owned) } else { Ok(Cow::Borrowed(inside)) }
    }

    /// Passes over an object, and gives the text of each of these fields.
    #[inline(never)]
    fn fields(&mut self, names: &[&str]) -> Result<Vec<&'de str>, Malformed> {
        self.open(b'{')?;
        let mut values = vec![""; names.len()];
        let mut first = true;
        while self.more(&mut first, b'}')? {
            let name = self.string()?;
            self.expect(b':')?;
            let value = self.skip()?;
            if let Some(place) = names.iter().position(|known| **known == *name)
                && !std::mem::replace(&mut values[place], value).is_empty()
            {
                return Err(Malformed);
            }
        }
        Ok(values)
    }

    /// Passes over a value of any kind, and gives its text.
    #[inline(never)]
    fn skip(&mut self) -> Result<&'de str, Malformed> {
        self.peek();
        let begin = self.at;
        self.skip_value()?;
        Ok(&self.text[begin..self.at])
    }

    fn skip_value(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'{' | b'[' => self.skip_entries(),
            _ => self.skip_number(),
        }
    }

    #[inline(never)]
    fn skip_entries(&mut self) -> Result<(), Malformed> {
        let is_map = self.byte() == b'{';
        let (open, close) = if is_map { (b'{', b'}') } else { (b'[', b']') };
        self.open(open)?;
        let mut first = true;
        while self.more(&mut first, close)? {
            if is_map {
                self.string()?;
                self.expect(b':')?;
            }
            self.skip_value()?;
        }
        Ok(())
    }

    #[inline(never)]
    fn skip_number(&mut self) -> Result<(), Malformed> {
        self.at += usize::from(self.byte() == b'-');
        let zero = self.byte() == b'0';
        if self.digits()? > 1 && zero {
            return Err(Malformed);
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, Malformed> {
        let begin = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == begin { Err(Malformed) } else { Ok(self.at - begin) }
    }
}

#[inline(never)]
fn unescape(inside: &str) -> Result<String, Malformed> {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(place) = rest.find('\\') {
        text.push_str(&rest[..place]);
        let code = *rest.as_bytes().get(place + 1).ok_or(Malformed)?;
        let mut length = 2;
        text.push(match code {
            b'"' | b'\\' | b'/' => char::from(code),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = hex(rest, place + 2)?;
                length = 6;
                let code = if (0xd800..0xdc00).contains(&high) {
                    if rest.as_bytes().get(place + 6..place + 8) != Some(b"\\u") {
                        return Err(Malformed);
                    }
                    let low = hex(rest, place + 8)?;
                    length = 12;
                    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(Malformed)?;
                    0x1_0000 + ((high - 0xd800) << 10) + low
                } else {
                    high
                };
                char::from_u32(code).ok_or(Malformed)?
            }
            _ => return Err(Malformed),
        });
        rest = rest.get(place + length..).ok_or(Malformed)?;
    }
    text.push_str(rest);
    Ok(text)
}

fn hex(text: &str, at: usize) -> Result<u32, Malformed> {
    let digits = text.as_bytes().get(at..at + 4).ok_or(Malformed)?;
    digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?)).ok_or(Malformed)
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            match self.integer()? {
                (false, value) => visitor.visit_u64(value),
                (true, value) => visitor.visit_i64(i64::try_from(value).map_err(|_| Malformed)?.wrapping_neg()),
            }
        }
    )*};
}

macro_rules! strings {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Malformed;

    integers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    strings!(deserialize_str deserialize_string deserialize_char deserialize_identifier);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.peek() {
            b'"' => self.deserialize_str(visitor),
            b'{' => self.deserialize_map(visitor),
            b'[' => self.deserialize_seq(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => self.deserialize_u64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.peek() == b'n' {
            self.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.peek();
        self.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if name == RAW {
            return visitor.visit_map(Raw(Some(self.skip()?)));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.open(b'[')?;
        visitor.visit_seq(Entries { reader: self, first: true })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        self.open(b'[')?;
        let value = visitor.visit_seq(Entries { reader: self, first: true })?;
        self.depth -= 1;
        self.expect(b']')?;
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.open(b'{')?;
        visitor.visit_map(Entries { reader: self, first: true })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let values = self.fields(fields)?;
        visitor.visit_seq(Fields { values: values.into_iter(), depth: self.depth + 1 })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let full = self.peek() == b'{';
        if full {
            self.open(b'{')?;
        }
        visitor.visit_enum(Variant { reader: self, variants, full })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.skip()?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 f32 f64 bytes byte_buf }
}

/// The entries of an array or an object.
struct Entries<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Entries<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        if !self.reader.more(&mut self.first, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if !self.reader.more(&mut self.first, b'}')? {
            return Ok(None);
        }
        let key = seed.deserialize(&mut *self.reader)?;
        self.reader.expect(b':')?;
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        seed.deserialize(&mut *self.reader)
    }
}

/// The values of a struct's fields in the order of its declaration; one that is not there is empty.
///
/// serde can take a struct by names or by places. Here it is always by places, so no type compares names, counts
/// what came twice, or keeps half of itself while it waits for the rest: that is half of the code.
struct Fields<'de> {
    values: std::vec::IntoIter<&'de str>,
    depth: u32,
}

impl<'de> SeqAccess<'de> for Fields<'de> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        match self.values.next() {
            Some(text) if !text.is_empty() => {
                seed.deserialize(&mut Reader { text, at: 0, depth: self.depth }).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The name of a variant: given as its place in the list, so that no type compares strings of its own.
struct Name<'a, 'de> {
    reader: &'a mut Reader<'de>,
    known: &'static [&'static str],
}

impl Name<'_, '_> {
    #[inline(never)]
    fn place(reader: &mut Reader<'_>, known: &[&str]) -> Result<u64, Malformed> {
        let name = reader.string()?;
        Ok(known.iter().position(|known| **known == *name).map_or(u64::MAX, |place| place as u64))
    }
}

impl<'de> Deserializer<'de> for Name<'_, 'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.reader.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(Self::place(self.reader, self.known)?)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum ignored_any
    }
}

/// A variant: its name alone, or an object of its name and its content.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    variants: &'static [&'static str],
    full: bool,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = Malformed;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Malformed> {
        let name = seed.deserialize(Name { reader: self.reader, known: self.variants })?;
        if self.full {
            self.reader.expect(b':')?;
        }
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        if self.full {
            self.reader.peek();
            self.reader.word("null")?;
            self.reader.depth -= 1;
            self.reader.expect(b'}')?;
        }
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        if !self.full {
            return Err(Malformed);
        }
        let value = seed.deserialize(&mut *self.reader)?;
        self.reader.depth -= 1;
        self.reader.expect(b'}')?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Malformed> {
        if !self.full {
            return Err(Malformed);
        }
        let value = self.reader.deserialize_tuple(len, visitor)?;
        self.reader.depth -= 1;
        self.reader.expect(b'}')?;
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if !self.full {
            return Err(Malformed);
        }
        let value = self.reader.deserialize_struct("", fields, visitor)?;
        self.reader.depth -= 1;
        self.reader.expect(b'}')?;
        Ok(value)
    }
}

/// A text that passes through unread, in the form in which `serde_json` hands it to `RawValue`.
struct Raw<'de>(Option<&'de str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if self.0.is_none() {
            return Ok(None);
        }
        seed.deserialize(de::value::BorrowedStrDeserializer::new(RAW)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        let text = self.0.take().ok_or(Malformed)?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(text))
    }
}
