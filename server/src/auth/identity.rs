//! Whom a token stands for, and whoever says so.

use futures_util::future::BoxFuture;
use roomcast_protocol::{Timestamp, model::User};

/// Who a checked token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user, as the claims describe them.
    pub user: User,
    /// Administrator of the server.
    pub admin: bool,
    /// When the token runs out.
    pub expires_at: Timestamp,
    /// When the token was issued; one that does not say so counts as issued before everything.
    pub issued_at: Timestamp,
}

/// Why a token was refused: for the log, never for the client.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Signature, expiry, issuer or audience.
    #[cfg(feature = "net")]
    #[error("unable to accept the token; {0}")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    /// It would make the server do as it says instead of checking it.
    #[error("unable to accept the token; its header has {0}")]
    Header(&'static str),
    /// Its `sub` cannot be a user id.
    #[error("unable to accept the token; its sub is no user id")]
    Subject,
    /// No key is known by the name that it says, for its algorithm.
    #[error("unable to accept the token; no key for it is known")]
    UnknownKey,
    /// It is larger than any honest one.
    #[error("unable to accept the token; it is too long")]
    TooLong,
    /// Another authenticator's reason.
    #[error("unable to accept the token; {0}")]
    Refused(&'static str),
}

/// Who tells whom a token stands for. [`Tokens`](super::Tokens) does so by signatures and the system's clock; the
/// simulator has its own tokens and its own clock.
pub trait Authenticator: Send + Sync + 'static {
    /// Checks a token.
    ///
    /// # Errors
    /// [`TokenError`]
    fn verify(&self, token: &str) -> Result<Identity, TokenError>;

    /// Looks for keys that may have come since, after [`TokenError::UnknownKey`].
    fn learn(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
