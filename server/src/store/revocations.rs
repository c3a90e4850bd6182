//! Whose tokens are not taken any more (G-16).

use async_trait::async_trait;
use roomcast_protocol::{Timestamp, UserId, model::User};

use super::StoreError;

/// A user's tokens count from a moment on; earlier ones are revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Whose.
    pub user: UserId,
    /// From when on.
    pub not_before: Timestamp,
    /// Its place among all revocations: dense from 1 as they were written, moved to the end when it changes.
    pub number: u64,
}

/// What is known of somebody who wants to come in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visitor {
    /// As last seen; `None` of a newcomer.
    pub user: Option<User>,
    /// From when on their tokens are taken; `None` = all.
    pub not_before: Option<Timestamp>,
}

/// Revocations. A number is allocated in the transaction that commits it and under a lock held to its end, so whoever
/// has read up to a number misses nothing below it.
#[async_trait]
pub trait RevocationStore: Send + Sync + 'static {
    /// Takes a user's tokens only from `not_before` on; gives what holds now, which may be from later on. Durable on
    /// `Ok`; the same again does nothing.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unavailable`] it may still hold.
    async fn revoke(&self, user: &UserId, not_before: Timestamp) -> Result<Revocation, StoreError>;

    /// The revocations behind a number, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn revoked_since(&self, number: u64, limit: u64) -> Result<Vec<Revocation>, StoreError>;

    /// Who this is and whether their tokens hold, in one reading.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn visitor(&self, id: &UserId) -> Result<Visitor, StoreError>;
}
