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

// Both databases read these statements alike.

/// To be run where nobody else revokes meanwhile.
pub(super) const REVOKE: &str = "
INSERT INTO revocations (user_id, not_before, number)
VALUES ($1, $2, (SELECT COALESCE(max(number), 0) + 1 FROM revocations))
ON CONFLICT (user_id) DO UPDATE SET not_before = excluded.not_before, number = excluded.number
WHERE revocations.not_before < excluded.not_before";

pub(super) const REVOCATION: &str = "SELECT * FROM revocations WHERE user_id = $1";

pub(super) const REVOKED_SINCE: &str = "SELECT * FROM revocations WHERE number > $1 ORDER BY number LIMIT $2";

pub(super) const VISITOR: &str = "
SELECT u.id, u.name, u.avatar_url, r.not_before
FROM (SELECT $1 AS id) AS v LEFT JOIN users AS u ON u.id = v.id LEFT JOIN revocations AS r ON r.user_id = v.id";
