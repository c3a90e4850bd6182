//! Who somebody is: tokens and the keys that they are checked with (G-15).

mod identity;
#[cfg(feature = "net")]
mod key_set;
#[cfg(feature = "net")]
mod keys;
mod not_before;
#[cfg(feature = "net")]
mod source;
#[cfg(all(test, feature = "net"))]
mod tests;
#[cfg(feature = "net")]
mod tokens;

pub use identity::{Authenticator, Identity, TokenError};
#[cfg(feature = "net")]
pub use keys::{Key, KeyError};
pub use not_before::{BadMoment, not_before};
#[cfg(feature = "net")]
pub use source::{KeySource, SourceError};
#[cfg(feature = "net")]
pub use tokens::{Claims, Tokens, mint};
