//! A writer of JSON that is small once compiled; see [`read`](super::read).

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{Malformed, RAW};

/// Writes a value.
///
/// # Errors
/// [`Malformed`] where the value holds a float, or a map whose keys are not strings.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Malformed> {
    let mut writer = Writer { text: String::new(), raw: false };
    value.serialize(&mut writer)?;
    Ok(writer.text)
}

struct Writer {
    text: String,
    /// The next string is JSON already.
    raw: bool,
}

impl Writer {
    #[inline(never)]
    fn string(&mut self, text: &str) {
        if self.raw {
            return self.text.push_str(text);
        }
        self.text.push('"');
        let mut rest = text;
        while let Some(place) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
            let (plain, special) = rest.split_at(place);
            self.text.push_str(plain);
            self.escape(special.as_bytes()[0]);
            rest = &special[1..];
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    fn escape(&mut self, byte: u8) {
        let (sign, digit) = match byte {
            b'"' | b'\\' => (char::from(byte), None),
            0x8 => ('b', None),
            0xc => ('f', None),
            b'\n' => ('n', None),
            b'\r' => ('r', None),
            b'\t' => ('t', None),
            _ => ('u', Some(byte)),
        };
        self.text.push('\\');
        self.text.push(sign);
        if let Some(byte) = digit {
            self.text.push_str("00");
            self.text.push(char::from(b'0' + (byte >> 4)));
            self.text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
    }

    #[inline(never)]
    fn integer(&mut self, mut value: u64) {
        let mut digits = [0; 20];
        let mut place = digits.len();
        loop {
            place -= 1;
            digits[place] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.text.extend(digits[place..].iter().map(|digit| char::from(*digit)));
    }

    #[inline(never)]
    fn key(&mut self, first: &mut bool, key: &str) {
        self.comma(first);
        self.string(key);
        self.text.push(':');
    }

    #[inline(never)]
    fn comma(&mut self, first: &mut bool) {
        if !std::mem::replace(first, false) {
            self.text.push(',');
        }
    }

    #[inline(never)]
    fn begin(&mut self, variant: Option<&str>, open: char) {
        if let Some(variant) = variant {
            self.text.push('{');
            self.string(variant);
            self.text.push(':');
        }
        self.text.push(open);
    }
}

/// What is being written: an array or an object, maybe inside the object of a variant.
struct Entries<'a> {
    writer: &'a mut Writer,
    first: bool,
    close: &'static str,
}

impl<'a> Entries<'a> {
    fn begin(writer: &'a mut Writer, variant: Option<&str>, open: char, close: &'static str) -> Self {
        writer.begin(variant, open);
        Self { writer, first: true, close }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Malformed> {
        self.writer.comma(&mut self.first);
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Malformed> {
        self.writer.key(&mut self.first, key);
        value.serialize(&mut *self.writer)
    }

    #[expect(clippy::unnecessary_wraps, reason = "serde's signature")]
    fn finish(self) -> Result<(), Malformed> {
        self.writer.text.push_str(self.close);
        Ok(())
    }
}

macro_rules! integers {
    ($($method:ident($type:ty))*) => {$(
        fn $method(self, value: $type) -> Result<(), Malformed> {
            let value = i128::from(value);
            if value < 0 {
                self.text.push('-');
            }
            self.integer(value.unsigned_abs() as u64);
            Ok(())
        }
    )*};
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Malformed;
    type SerializeSeq = Entries<'a>;
    type SerializeTuple = Entries<'a>;
    type SerializeTupleStruct = Entries<'a>;
    type SerializeTupleVariant = Entries<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Entries<'a>;

    integers!(serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64));
    integers!(serialize_u8(u8) serialize_u16(u16) serialize_u32(u32));

    fn serialize_u64(self, value: u64) -> Result<(), Malformed> {
        self.integer(value);
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Malformed> {
        self.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Result<(), Malformed> {
        Err(Malformed)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Malformed> {
        Err(Malformed)
    }

    fn serialize_char(self, value: char) -> Result<(), Malformed> {
        self.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Malformed> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Malformed> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Malformed> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Malformed> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Malformed> {
        self.text.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Malformed> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Malformed> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Malformed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Malformed> {
        let mut entries = Entries::begin(self, None, '{', "}");
        entries.field(variant, value)?;
        entries.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Entries<'a>, Malformed> {
        Ok(Entries::begin(self, None, '[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Entries<'a>, Malformed> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Entries<'a>, Malformed> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'a>, Malformed> {
        Ok(Entries::begin(self, Some(variant), '[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, Malformed> {
        Ok(Entries::begin(self, None, '{', "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Struct<'a>, Malformed> {
        if name == RAW {
            return Ok(Struct::Raw(self));
        }
        self.serialize_map(None).map(Struct::Fields)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'a>, Malformed> {
        Ok(Entries::begin(self, Some(variant), '{', "}}"))
    }
}

/// The fields of a struct, or the one text of what `serde_json` calls a raw value.
enum Struct<'a> {
    Fields(Entries<'a>),
    Raw(&'a mut Writer),
}

impl SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = Malformed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Malformed> {
        match self {
            Self::Fields(entries) => entries.field(key, value),
            Self::Raw(writer) => {
                writer.raw = true;
                let written = value.serialize(&mut **writer);
                writer.raw = false;
                written
            }
        }
    }

    fn end(self) -> Result<(), Malformed> {
        match self {
            Self::Fields(entries) => entries.finish(),
            Self::Raw(_) => Ok(()),
        }
    }
}

macro_rules! elements {
    ($($access:ident::$method:ident)*) => {$(
        impl $access for Entries<'_> {
            type Ok = ();
            type Error = Malformed;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Malformed> {
                self.element(value)
            }

            fn end(self) -> Result<(), Malformed> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

impl SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Malformed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Malformed> {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Malformed> {
        self.writer.text.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Malformed> {
        self.finish()
    }
}

impl SerializeStructVariant for Entries<'_> {
    type Ok = ();
    type Error = Malformed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Malformed> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), Malformed> {
        self.finish()
    }
}
