//! JSON for the browser, where each kilobyte is waited for.

use std::fmt;

mod read;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use read::{FromJson, Reader, Wanted, from_str};
pub use roomcast_protocol_derive::{FromJson, ToJson};
pub use write::{Key, ToJson, Writer, to_string};

/// How `serde_json` names a text that passes through unread.
const RAW: &str = "$serde_json::private::RawValue";

/// The text is not the JSON of what was to be read, or the value has no JSON.
///
/// That is all there is to say: what would say more costs as much as the reader itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl Malformed {
    /// As `serde_json` has it; not told apart here.
    #[must_use]
    pub const fn is_data(&self) -> bool {
        false
    }

    /// As `serde_json` has it; not known here.
    #[must_use]
    pub const fn line(&self) -> usize {
        0
    }

    /// As `serde_json` has it; not known here.
    #[must_use]
    pub const fn column(&self) -> usize {
        0
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed JSON")
    }
}

impl std::error::Error for Malformed {}

impl serde::de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}
