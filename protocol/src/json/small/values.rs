//! How what the standard library and `serde_json` bring is read and written.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Deserializer, de::MapAccess, de::Visitor};
use serde_json::value::RawValue;

use super::{FromJson, Malformed, RAW, Reader, ToJson, Writer};
use crate::collections::BTreeMap;

macro_rules! integers {
    ($($integer:ident)*) => {$(
        impl ToJson for $integer {
            fn write(&self, writer: &mut Writer) {
                writer.integer(*self as u64);
            }
        }

        impl FromJson<'_> for $integer {
            fn blank() -> Self {
                0
            }

            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
                *self = reader.integer($integer::MAX as u64)? as $integer;
                Ok(())
            }
        }
    )*};
}

integers!(u16 u32 u64 usize);

impl ToJson for bool {
    fn write(&self, writer: &mut Writer) {
        writer.raw(if *self { "true" } else { "false" });
    }
}

impl FromJson<'_> for bool {
    fn blank() -> Self {
        false
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = reader.boolean()?;
        Ok(())
    }
}

impl ToJson for str {
    fn write(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

impl ToJson for String {
    fn write(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

impl FromJson<'_> for String {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = reader.string()?.into_owned();
        Ok(())
    }
}

impl<'de> FromJson<'de> for Cow<'de, str> {
    fn blank() -> Self {
        Cow::Borrowed("")
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        *self = reader.string()?;
        Ok(())
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<T: ToJson + ?Sized> ToJson for Box<T> {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        (**self).read(reader)
    }
}

impl<T: ToJson + ?Sized> ToJson for Arc<T> {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, writer: &mut Writer) {
        match self {
            Some(value) => value.write(writer),
            None => writer.raw("null"),
        }
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Option<T> {
    fn blank() -> Self {
        None
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        if reader.some()? {
            self.insert(T::blank()).read(reader)?;
        }
        Ok(())
    }
}

impl<T: ToJson, E: ToJson> ToJson for Result<T, E> {
    fn write(&self, writer: &mut Writer) {
        match self {
            Ok(value) => writer.variant("Ok", &mut |writer| value.write(writer)),
            Err(error) => writer.variant("Err", &mut |writer| error.write(writer)),
        }
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, writer: &mut Writer) {
        writer.array(self.len(), &mut |place, writer| self[place].write(writer));
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, writer: &mut Writer) {
        self.as_slice().write(writer);
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        reader.array(&mut |reader| T::take(reader).map(|item| self.push(item)))
    }
}

impl<A: ToJson, B: ToJson> ToJson for (A, B) {
    fn write(&self, writer: &mut Writer) {
        writer.array(2, &mut |place, writer| match place {
            0 => self.0.write(writer),
            _ => self.1.write(writer),
        });
    }
}

impl<'de, A: FromJson<'de>, B: FromJson<'de>> FromJson<'de> for (A, B) {
    fn blank() -> Self {
        (A::blank(), B::blank())
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        let mut place = 0;
        reader.array(&mut |reader| {
            place += 1;
            match place {
                1 => self.0.read(reader),
                2 => self.1.read(reader),
                _ => Err(Malformed),
            }
        })?;
        if place == 2 { Ok(()) } else { Err(Malformed) }
    }
}

impl<K: ToJson, V: ToJson> ToJson for BTreeMap<K, V> {
    fn write(&self, writer: &mut Writer) {
        writer.entries(self);
    }
}

impl<'de, K: FromJson<'de> + Ord, V: FromJson<'de>> FromJson<'de> for BTreeMap<K, V> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        reader.map(&mut |reader| {
            let key = K::take(reader)?;
            reader.colon()?;
            self.insert(key, V::take(reader)?);
            Ok(())
        })
    }
}

impl ToJson for RawValue {
    fn write(&self, writer: &mut Writer) {
        writer.raw(self.get());
    }
}

impl<'de> FromJson<'de> for &'de RawValue {
    fn blank() -> Self {
        RawValue::NULL
    }

    fn read(&mut self, reader: &mut Reader<'de>) -> Result<(), Malformed> {
        *self = <&RawValue>::deserialize(Raw(Some(reader.skip()?)))?;
        Ok(())
    }
}

impl FromJson<'_> for Box<RawValue> {
    fn blank() -> Self {
        RawValue::NULL.to_owned()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = <&RawValue>::take(reader)?.to_owned();
        Ok(())
    }
}

/// A text that passes through unread, in the form in which `serde_json` hands it to `RawValue`.
struct Raw<'de>(Option<&'de str>);

impl<'de> Deserializer<'de> for Raw<'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_map(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Malformed;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if self.0.is_none() {
            return Ok(None);
        }
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(RAW)).map(Some)
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        let text = self.0.take().ok_or(Malformed)?;
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(text))
    }
}
