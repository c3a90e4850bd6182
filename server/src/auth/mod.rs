//! Who somebody is: tokens and the keys that they are checked with (G-15).

mod key_set;
mod keys;
mod not_before;
mod source;
#[cfg(test)]
mod tests;
mod tokens;

pub use keys::{Key, KeyError};
pub use not_before::{BadMoment, not_before};
pub use source::{KeySource, SourceError};
pub use tokens::{Authenticator, Claims, Identity, TokenError, Tokens, mint};
