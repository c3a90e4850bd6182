//! Why a store could not do it.

use roomcast_protocol::{ErrorBody, ErrorCode};

/// A store's failure, as far as callers must tell apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is away, or went away on the way: the outcome of a write is unknown.
    #[error("unable to reach the database; {0}")]
    Unavailable(String),
    /// A statement failed: nothing of its transaction took effect.
    #[error("unable to run a statement; {0}")]
    Statement(String),
    /// Another node's transaction was in the way: nothing of this one took effect, and it may be tried at once.
    #[error("unable to commit; {0}")]
    Contention(String),
    /// A row does not hold what it must.
    #[error("unable to read a row; {0}")]
    Corrupt(String),
}

impl StoreError {
    /// How a caller hears of it. What happened inside is not told.
    #[must_use]
    pub fn told(&self) -> ErrorBody {
        match self {
            Self::Unavailable(_) | Self::Contention(_) => {
                let why = "unable to reach the database; try again";
                ErrorBody::new(ErrorCode::Unavailable, why).retry_after(500)
            }
            Self::Statement(_) | Self::Corrupt(_) => {
                let why = "unable to complete the command; the server failed";
                ErrorBody::new(ErrorCode::Internal, why).retry_after(1_000)
            }
        }
    }
}
