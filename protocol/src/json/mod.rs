//! How JSON is read and written, and JSON that belongs to the application and passes through unread.
//!
//! Servers and native programs use `serde_json`. What a page loads uses [`small`], which takes the same texts and
//! writes the same ones, in a third of the code ([why](../../../docs/adr/0008-browser-package.md)).

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

#[cfg(not(target_arch = "wasm32"))]
pub use serde::{Deserialize as Decode, Serialize as Encode};
#[cfg(not(target_arch = "wasm32"))]
pub use serde_json::{Error, from_str, to_string};
#[cfg(target_arch = "wasm32")]
pub use small::{FromJson as Decode, Malformed as Error, ToJson as Encode, from_str, to_string};
pub use small::{FromJson, ToJson};

pub mod small;

/// Writes a value behind what is there already.
pub(crate) fn append<T: Encode + ?Sized>(bytes: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    #[cfg(not(target_arch = "wasm32"))]
    return serde_json::to_writer(bytes, value);
    #[cfg(target_arch = "wasm32")]
    to_string(value).map(|text| bytes.extend_from_slice(text.as_bytes()))
}

/// A JSON text, kept as it was sent. Equality is of the text.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Json(Arc<str>);

impl Json {
    /// Takes a text that is JSON.
    ///
    /// # Errors
    /// The parser's, where it is not.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let raw: &RawValue = from_str(text)?;
        Ok(Self(Arc::from(raw.get())))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.0.starts_with('{')
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl ToJson for Json {
    fn write(&self, writer: &mut small::Writer) {
        writer.raw(&self.0);
    }
}

impl<'de> FromJson<'de> for Json {
    fn blank() -> Self {
        Self(Arc::from("null"))
    }

    fn read(&mut self, reader: &mut small::Reader<'de>) -> Result<(), small::Malformed> {
        self.0 = Arc::from(reader.skip()?);
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(Arc::from(raw.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_through_to_the_letter() {
        let text = r#"{"a":1.0,"b":[ 1e400 ],"__proto__":{}}"#;
        let json: Json = serde_json::from_str(text).expect("valid JSON");
        assert_eq!(serde_json::to_string(&json).expect("serializes"), text);
        assert!(json.is_object());
        assert!(Json::parse("{").is_err());
    }
}
