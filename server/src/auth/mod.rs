//! Who somebody is: tokens and the keys that they are checked with (G-15).

mod keys;
mod tokens;

pub use keys::{Key, KeyError};
pub use tokens::{Authenticator, Claims, Identity, TokenError, Tokens, mint};
