//! Revocations.

use async_trait::async_trait;
use roomcast_protocol::{Timestamp, UserId};

use super::{SqliteStore, StoreError, codec};
use crate::store::{
    revocations::{Revocation, RevocationStore, Visitor},
    statements::{REVOCATION, REVOKE, REVOKED_SINCE, VISITOR},
};

#[async_trait]
impl RevocationStore for SqliteStore {
    async fn revoke(&self, user: &UserId, not_before: Timestamp) -> Result<Revocation, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let revoke = sqlx::query(REVOKE).bind(user.as_str()).bind(not_before.value().cast_signed());
        revoke.execute(&mut *transaction).await?;
        let row = sqlx::query(REVOCATION).bind(user.as_str()).fetch_one(&mut *transaction).await?;
        let revocation = codec::revocation(&row)?;
        transaction.commit().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(revocation)
    }

    async fn revoked_since(&self, number: u64, limit: u64) -> Result<Vec<Revocation>, StoreError> {
        let since = sqlx::query(REVOKED_SINCE).bind(number.cast_signed()).bind(limit.cast_signed());
        since.fetch_all(&self.readers).await?.iter().map(codec::revocation).collect()
    }

    async fn visitor(&self, id: &UserId) -> Result<Visitor, StoreError> {
        codec::visitor(&sqlx::query(VISITOR).bind(id.as_str()).fetch_one(&self.readers).await?)
    }
}
