//! Who somebody is: tokens and the keys that they are checked with (G-15).

mod keys;
mod not_before;
mod tokens;

pub use keys::{Key, KeyError};
pub use not_before::{BadMoment, not_before};
pub use tokens::{Authenticator, Claims, Identity, TokenError, Tokens, mint};
