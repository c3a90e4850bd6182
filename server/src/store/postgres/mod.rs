//! Postgres: one house for any number of nodes.
//!
//! Each node writes through its own batcher. A batch first locks its rooms in the order of their ids, and reads
//! everything else in later statements: READ COMMITTED gives each statement a snapshot of its own, so what is read
//! under the locks is what the batch before has committed (G-2).

mod lease;
mod load;
mod open;
mod patience;
mod reads;
mod revocations;
mod save;
mod search;

use async_trait::async_trait;
use roomcast_protocol::{Epoch, Limits, Timestamp};
use sqlx::{Connection as _, PgConnection, PgPool};

use self::{lease::Lease, patience::within};
use super::{Outcomes, StoreError, WriteStore, codec};
use crate::domain::{self, Change, Keys};

pub use open::{Durability, OpenError, PostgresSettings};
pub(super) use search::searched_words;

/// A Postgres database.
#[derive(Debug)]
pub struct PostgresStore {
    writers: PgPool,
    readers: PgPool,
}

/// How often a batch begins anew when another node's was in its way.
const ATTEMPTS: u32 = 5;

#[async_trait]
impl WriteStore for PostgresStore {
    async fn commit(&self, changes: &[&Change], now: Timestamp, limits: &Limits) -> Result<Outcomes, StoreError> {
        let mut attempt = 1;
        loop {
            match self.try_commit(changes, now, limits).await {
                Err(StoreError::Contention(_)) if attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        let row = within(async { Ok(sqlx::query(EPOCH).fetch_one(&self.readers).await?) }).await?;
        codec::id(codec::value(&row)?, Epoch::parse)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        within(async {
            sqlx::query("SELECT 1").execute(&self.writers).await?;
            Ok(())
        })
        .await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

const EPOCH: &str = "SELECT value FROM meta WHERE key = 'epoch'";

impl PostgresStore {
    async fn try_commit(&self, changes: &[&Change], now: Timestamp, limits: &Limits) -> Result<Outcomes, StoreError> {
        let mut connection = within(Lease::of(&self.writers)).await?;
        let result = within(run(&mut connection, changes, now, limits)).await;
        // Otherwise it is in the middle of a transaction, and nobody knows where: the server rolls it back when it
        // notices.
        if !matches!(result, Err(StoreError::Unavailable(_))) {
            connection.give_back();
        }
        result
    }
}

async fn run(
    connection: &mut PgConnection,
    changes: &[&Change],
    now: Timestamp,
    limits: &Limits,
) -> Result<Outcomes, StoreError> {
    let mut transaction = connection.begin().await?;
    let keys = Keys::of(changes.iter().copied());
    let mut workspace = load::load(&mut transaction, &keys).await?;
    let known = workspace.rooms.keys().cloned().collect();
    let outcomes = changes.iter().map(|change| domain::decide(&mut workspace, change, now, limits)).collect();
    if workspace.dirty.is_empty() {
        transaction.rollback().await?;
        return Ok(outcomes);
    }
    save::save(&mut transaction, &workspace, &known).await?;
    // From here on the outcome can be unknown: whatever goes wrong with the commit itself is not final.
    transaction.commit().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(outcomes)
}
