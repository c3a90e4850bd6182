//! Revocations.

use async_trait::async_trait;
use roomcast_protocol::{Timestamp, UserId};
use sqlx::Connection as _;

use super::{PostgresStore, codec, lease::Lease, within};
use crate::store::{
    StoreError,
    revocations::{Revocation, RevocationStore, Visitor},
    statements::{REVOCATION, REVOKE, REVOKED_SINCE, VISITOR},
};

/// Lets others read. Held to the commit, so numbers become visible in their order.
const LOCK: &str = "LOCK TABLE revocations IN SHARE ROW EXCLUSIVE MODE";

#[async_trait]
impl RevocationStore for PostgresStore {
    async fn revoke(&self, user: &UserId, not_before: Timestamp) -> Result<Revocation, StoreError> {
        within(async {
            let mut connection = Lease::of(&self.writers).await?;
            let mut transaction = connection.begin().await?;
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            let revoke = sqlx::query(REVOKE).bind(user.as_str()).bind(not_before.value().cast_signed());
            revoke.execute(&mut *transaction).await?;
            let row = sqlx::query(REVOCATION).bind(user.as_str()).fetch_one(&mut *transaction).await?;
            let revocation = codec::revocation(&row)?;
            transaction.commit().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            connection.give_back();
            Ok(revocation)
        })
        .await
    }

    async fn revoked_since(&self, number: u64, limit: u64) -> Result<Vec<Revocation>, StoreError> {
        let since = sqlx::query(REVOKED_SINCE).bind(number.cast_signed()).bind(limit.cast_signed());
        self.all(since).await?.iter().map(codec::revocation).collect()
    }

    async fn visitor(&self, id: &UserId) -> Result<Visitor, StoreError> {
        let rows = self.all(sqlx::query(VISITOR).bind(id.as_str())).await?;
        rows.first().map(codec::visitor).transpose().map(Option::unwrap_or_default)
    }
}
