//! Keys: one algorithm each, decided by us and never by a token.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

/// Shortest secret, in bytes: below it HS256 is weaker than its hash.
const SECRET_MIN: usize = 32;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret can be guessed.
    #[error("unable to use the secret; it has {0} bytes and needs {SECRET_MIN}")]
    TooShort(usize),
}

/// A key and the one algorithm that it is for.
#[derive(Clone)]
pub struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    pub(super) encoding: Option<EncodingKey>,
}

/// What a key is made of never shows.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Key {
    /// A shared secret for HS256.
    ///
    /// # Errors
    /// [`KeyError::TooShort`]
    pub fn secret(secret: &str) -> Result<Self, KeyError> {
        if secret.len() < SECRET_MIN {
            return Err(KeyError::TooShort(secret.len()));
        }
        Ok(Self {
            algorithm: Algorithm::HS256,
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            encoding: Some(EncodingKey::from_secret(secret.as_bytes())),
        })
    }
}
