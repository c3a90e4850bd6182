//! Moving house: everything out of a SQLite file into a Postgres database, in chunks, so that it can be broken off at
//! any point and goes on where it stopped.
//!
//! Ids, `rev`s, `seq`s and the epoch stay what they are, so clients resume in the new house as if nothing had happened.
//! Until everything is there and was compared, no server opens the new house; from then on none opens the old one.

mod mark;
mod table;

use std::ops::ControlFlow;

use roomcast_protocol::Epoch;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use self::{
    mark::Mark,
    table::{TABLES, Table},
};
use super::{
    StoreError, codec,
    postgres::{self, Durability, PostgresSettings, PostgresStore},
    sqlite::{self, SqliteStore},
};

pub(super) use mark::{MOVED, UNFINISHED};

/// How a house is moved.
#[derive(Debug, Clone)]
pub struct Move {
    /// `sqlite://FILE`, which no server may be using.
    pub from: String,
    /// `postgres://…`, an empty database or one that a broken-off move of the same house left.
    pub to: String,
    /// Rows of one transaction, at least 1.
    pub chunk: u32,
    /// Whether a database that does not write through is taken (G-3).
    pub durability: Durability,
}

/// What a move is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Rows go over.
    Copying,
    /// Both sides are read and compared.
    Comparing,
}

/// How far a move is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// With which table.
    pub table: &'static str,
    /// Rows of all tables that are done in this phase, those of an earlier run among them.
    pub done: u64,
    /// Rows of all tables.
    pub total: u64,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Each table's name, rows, and SHA-256 over them, the same on both sides.
    pub tables: Vec<(&'static str, u64, String)>,
}

/// Why a house was not moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The old house does not open.
    #[error("unable to move out; {0}")]
    From(#[from] sqlite::OpenError),
    /// The new house does not open.
    #[error("unable to move in; {0}")]
    To(#[from] postgres::OpenError),
    /// Somebody lives there.
    #[error("unable to move in; the database holds {0} already, and no unfinished move of this house")]
    NotEmpty(&'static str),
    /// A read or a write failed. What was committed stays, and the next run goes on behind it.
    #[error("unable to go on; {0}; run it again and it goes on from here")]
    Store(#[from] StoreError),
    /// The caller broke it off.
    #[error("broken off; run it again and it goes on from here")]
    BrokenOff,
    /// Both sides were read, and they are not alike.
    #[error("unable to finish; {table} holds {from_rows} rows and {to_rows} came over, or they are not the same rows")]
    Different {
        /// Where.
        table: &'static str,
        /// Rows in the old house.
        from_rows: u64,
        /// Rows in the new one.
        to_rows: u64,
    },
}

impl From<sqlx::Error> for MoveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Move {
    /// Moves everything, compares it, and hands the house over. `progress` is told after each chunk, and can break
    /// it off.
    ///
    /// # Errors
    /// [`MoveError`]; the old house is untouched in every case.
    pub async fn run(&self, mut progress: impl FnMut(Progress) -> ControlFlow<()>) -> Result<Moved, MoveError> {
        let fresh = Epoch::parse("unused").expect("a good epoch");
        // Opened as a server would: it brings old tables up to date, and keeps servers away for as long as this runs.
        let old = SqliteStore::open_for_move(&self.from, &fresh).await?;
        let mut from = old.writer.acquire().await?;
        let settings = PostgresSettings { durability: self.durability, ..PostgresSettings::default() };
        let mut to = PostgresStore::open_for_move(&self.to, &fresh, settings).await?;

        let epoch = table::epoch(&mut from).await?;
        let mut mark = match mark::find(&mut to).await? {
            Some(mark) if mark.epoch == epoch => mark,
            None if !table::finished(&mut to, &epoch).await? => {
                if let Some(table) = table::first_with_rows(&mut to).await? {
                    return Err(MoveError::NotEmpty(table));
                }
                mark::begin(&mut to, &epoch).await?
            }
            None => Mark::of_finished(&epoch),
            Some(_) => return Err(MoveError::NotEmpty("another house's unfinished move")),
        };

        let mut total = 0;
        for table in TABLES {
            total += table.count_sqlite(&mut from).await?;
        }
        let mut tell = |phase, table: &Table, done| match progress(Progress { phase, table: table.name, done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(MoveError::BrokenOff),
        };

        for (place, table) in TABLES.iter().enumerate().skip(mark.table) {
            mark.enter(place);
            loop {
                let rows = table.sqlite_page(&mut from, &mark.after, self.chunk.max(1)).await?;
                let Some(last) = rows.last() else { break };
                mark.advance(last.key.clone(), rows.len() as u64);
                let mut transaction = to.begin().await?;
                table.insert(&mut transaction, &rows).await?;
                mark::keep(&mut transaction, &mark).await?;
                transaction.commit().await?;
                tell(Phase::Copying, table, mark.done)?;
            }
        }

        let mut tables = Vec::new();
        let mut done = 0;
        for table in TABLES {
            let (from_rows, digest) = self.digest_sqlite(&mut from, table).await?;
            let (to_rows, other) = self.digest_postgres(&mut to, table).await?;
            if (from_rows, &digest) != (to_rows, &other) {
                return Err(MoveError::Different { table: table.name, from_rows, to_rows });
            }
            done += from_rows;
            tables.push((table.name, from_rows, digest));
            tell(Phase::Comparing, table, done)?;
        }
        // The old house is closed first: whatever happens between the two, there is never more than one open house.
        mark::close(&mut from, &self.to).await?;
        mark::finish(&mut to, &epoch).await?;
        drop(from);
        super::WriteStore::close(&old).await;
        to.close().await?;
        Ok(Moved { tables })
    }

    async fn digest_sqlite(&self, from: &mut SqliteConnection, table: &Table) -> Result<(u64, String), MoveError> {
        let mut digest = RowDigest::default();
        let mut after = Vec::new();
        loop {
            let rows = table.sqlite_page(from, &after, self.chunk.max(1)).await?;
            let Some(last) = rows.last() else { return Ok(digest.end()) };
            after.clone_from(&last.key);
            rows.iter().for_each(|row| digest.add(&row.json));
        }
    }

    async fn digest_postgres(&self, to: &mut PgConnection, table: &Table) -> Result<(u64, String), MoveError> {
        let mut digest = RowDigest::default();
        let mut after = Vec::new();
        loop {
            let rows = table.postgres_page(to, &after, self.chunk.max(1)).await?;
            let Some(last) = rows.last() else { return Ok(digest.end()) };
            after.clone_from(&last.key);
            rows.iter().for_each(|row| digest.add(&row.json));
        }
    }
}

/// SHA-256 over rows in the order of their keys.
#[derive(Default)]
struct RowDigest {
    sha: Sha256,
    rows: u64,
}

impl RowDigest {
    fn add(&mut self, row: &serde_json::Value) {
        let text = codec::to_json(row);
        self.sha.update((text.len() as u64).to_be_bytes());
        self.sha.update(text);
        self.rows += 1;
    }

    fn end(self) -> (u64, String) {
        (self.rows, self.sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
