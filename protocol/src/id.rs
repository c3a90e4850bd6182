//! Identifiers, each its own type, so that a room can never be handed where a user is meant.
//!
//! Parsing is the only way in, also for serde, so an id that exists is well formed.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::json::small::{FromJson, Malformed, Reader, ToJson, Writer};

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Longer than the id's kind allows, or empty.
    #[error("unable to use the id; it must have 1 to {max} characters")]
    Length {
        /// Longest allowed, in bytes.
        max: usize,
    },
    /// A character outside the id's alphabet.
    #[error("unable to use the id; allowed are A-Z a-z 0-9 _ -")]
    Alphabet,
    /// A control character, or one that reorders or hides text.
    #[error("unable to use the id; it holds a control or invisible character")]
    Invisible,
}

const SLUG_MAX: usize = 64;
const USER_MAX: usize = 128;

fn slug(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text.len() > SLUG_MAX {
        return Err(IdError::Length { max: SLUG_MAX });
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if text.bytes().all(allowed) { Ok(()) } else { Err(IdError::Alphabet) }
}

/// User ids come from a token's `sub` and belong to the application: any visible text is one.
fn subject(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text.len() > USER_MAX {
        return Err(IdError::Length { max: USER_MAX });
    }
    if text.chars().any(|c| c.is_control() || crate::validate::is_invisible(c)) {
        return Err(IdError::Invisible);
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and takes it as an id.
            ///
            /// # Errors
            /// [`IdError`] where length or alphabet do not fit.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                $check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdError;

            fn try_from(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl ToJson for $name {
            fn write(&self, writer: &mut Writer) {
                writer.string(&self.0);
            }
        }

        impl FromJson<'_> for $name {
            fn blank() -> Self {
                Self(Arc::from(""))
            }

            fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
                *self = Self::parse(&reader.string()?).map_err(|_| Malformed)?;
                Ok(())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    };
}

id!(
    /// A user: the `sub` of their tokens, 1 to 128 bytes of visible text.
    UserId,
    subject
);
id!(
    /// A room: 1 to 64 of `A-Z a-z 0-9 _ -`, chosen by its creator or made by the server.
    RoomId,
    slug
);
id!(
    /// A message, made by the server (UUIDv7).
    MessageId,
    slug
);
id!(
    /// A send, made by the client (UUIDv7): unique for ever per room and author (G-4).
    ClientId,
    slug
);
id!(
    /// One life of a database. Another epoch means that no `rev` of before says anything (G-10).
    Epoch,
    slug
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_ids_keep_to_their_alphabet() {
        for good in ["a", "general", "A-Z_09", &"x".repeat(64)] {
            assert_eq!(RoomId::parse(good).expect("a good id").as_str(), good);
        }
        for bad in ["", " ", "a b", "../etc", "é", "a\0", &"x".repeat(65)] {
            assert!(RoomId::parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn user_ids_are_any_visible_text() {
        assert!(UserId::parse("auth0|5f7c8ec7c33c6c004bbafe82").is_ok());
        assert!(UserId::parse("Zoë").is_ok());
        for bad in ["", "a\nb", "a\u{202e}b", "a\u{200b}b"] {
            assert!(UserId::parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn serde_goes_through_the_same_door() {
        assert!(serde_json::from_str::<RoomId>("\"a b\"").is_err());
        let id: RoomId = serde_json::from_str("\"a\\u0062\"").expect("an escaped id is still an id");
        assert_eq!(serde_json::to_string(&id).expect("ids serialize"), "\"ab\"");
    }
}
