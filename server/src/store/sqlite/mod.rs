//! SQLite: one file, nothing to install, one node.

mod load;
mod open;
mod reads;
mod revocations;
mod save;
mod search;

use async_trait::async_trait;
use roomcast_protocol::{Epoch, Limits, Timestamp};
use sqlx::SqlitePool;

use super::{Outcomes, StoreError, WriteStore, codec};
use crate::domain::{self, Change, Keys};

pub use open::OpenError;

/// A SQLite database in WAL mode: one connection writes, others read.
#[derive(Debug)]
pub struct SqliteStore {
    pub(in crate::store) writer: SqlitePool,
    readers: SqlitePool,
    /// Held for life: two servers on one file would each hand out the same `rev` to their own clients.
    _lock: Option<open::Lock>,
}

#[async_trait]
impl WriteStore for SqliteStore {
    async fn commit(&self, changes: &[&Change], now: Timestamp, limits: &Limits) -> Result<Outcomes, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let keys = Keys::of(changes.iter().copied());
        let mut workspace = load::load(&mut transaction, &keys).await?;
        let outcomes = changes.iter().map(|change| domain::decide(&mut workspace, change, now, limits)).collect();
        if workspace.dirty.is_empty() {
            return Ok(outcomes);
        }
        save::save(&mut transaction, &workspace).await?;
        search::index(&mut transaction, &workspace).await?;
        // From here on the outcome can be unknown: whatever goes wrong with the commit itself is not final.
        transaction.commit().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(outcomes)
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = 'epoch'").fetch_one(&self.readers).await?;
        codec::id(codec::value(&row)?, Epoch::parse)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.writer).await?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
