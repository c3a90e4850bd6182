//! Integers of the wire. All stay below 2^53, so that JavaScript holds them exactly.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::json::small::{FromJson, Malformed, Reader, ToJson};

/// The first integer that JavaScript's numbers cannot all tell apart: 2^53.
pub const SAFE_END: u64 = 1 << 53;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, ToJson)]
        #[serde(transparent)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
        pub struct $name(u64);

        impl $name {
            /// Takes the number; values of 2^53 and more become 2^53 − 1.
            #[must_use]
            pub const fn new(value: u64) -> Self {
                Self(if value < SAFE_END { value } else { SAFE_END - 1 })
            }

            /// The plain number.
            #[must_use]
            pub const fn value(self) -> u64 {
                self.0
            }

            /// The one after.
            #[must_use]
            pub const fn next(self) -> Self {
                Self::new(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromJson<'_> for $name {
            fn blank() -> Self {
                Self(0)
            }

            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
                self.0 = reader.integer(SAFE_END - 1)?;
                Ok(())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = u64::deserialize(deserializer)?;
                if value < SAFE_END {
                    Ok(Self(value))
                } else {
                    Err(D::Error::custom("unable to use the number; it must be below 2^53"))
                }
            }
        }
    };
}

number!(
    /// The n-th message of a room, dense from 1. Order by it.
    Seq
);
number!(
    /// The n-th durable change of a room of any kind, dense from 1. Synchronise by it (G-1).
    Rev
);
number!(
    /// Milliseconds since the Unix epoch, set by the server.
    Timestamp
);

impl Timestamp {
    /// This time and so many milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self::new(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this; 0 where `earlier` is not earlier.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_integers_are_refused() {
        assert!(serde_json::from_str::<Seq>("9007199254740992").is_err());
        assert!(serde_json::from_str::<Seq>("-1").is_err());
        assert!(serde_json::from_str::<Seq>("1.5").is_err());
        assert_eq!(serde_json::from_str::<Seq>("9007199254740991").expect("the largest").value(), SAFE_END - 1);
        assert_eq!(Rev::new(u64::MAX).next().value(), SAFE_END - 1);
    }
}
