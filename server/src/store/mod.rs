//! Where rooms live: small traits, a store for each database, and the one writer before them.

mod batch;
#[cfg(feature = "net")]
mod codec;
#[cfg(feature = "net")]
mod columns;
mod error;
#[cfg(feature = "net")]
mod migrations;
#[cfg(feature = "net")]
pub mod moving;
#[cfg(feature = "net")]
pub mod postgres;
mod read;
#[cfg(feature = "net")]
mod refusal;
mod revocations;
#[cfg(feature = "net")]
pub mod sqlite;
#[cfg(feature = "net")]
mod statements;

use async_trait::async_trait;
use roomcast_protocol::{Epoch, ErrorBody, Limits, Timestamp};

pub use batch::{Committed, Full, Observer, Writer, WriterSettings, Written};
pub use error::StoreError;
pub use read::{
    Among, DeltaRows, FoundPage, MessagePage, Range, ReadStore, RoomHead, RoomPage, RoomQuery, RoomRev, RoomView,
    SearchIn, SearchQuery, SearchStore, UserPage,
};
pub use revocations::{Revocation, RevocationStore, Visitor};

use crate::domain::{Change, Decision};

/// What became of each change of a batch, in its order.
pub type Outcomes = Vec<Result<Decision, ErrorBody>>;

/// The write side: a batch, decided and committed in one transaction.
#[async_trait]
pub trait WriteStore: Send + Sync + 'static {
    /// Decides the changes in order and commits what they did; on `Ok` it is durable (G-3).
    ///
    /// # Errors
    /// [`StoreError`] where the batch as a whole did not go through. After [`StoreError::Unavailable`] it may
    /// still have been committed (G-4).
    async fn commit(&self, changes: &[&Change], now: Timestamp, limits: &Limits) -> Result<Outcomes, StoreError>;

    /// The database's life.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    async fn epoch(&self) -> Result<Epoch, StoreError>;

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError`] where it does not.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Closes all connections; what was committed stays.
    async fn close(&self) {}
}

/// A whole database.
pub trait Store: WriteStore + ReadStore + SearchStore + RevocationStore {}

impl<S: WriteStore + ReadStore + SearchStore + RevocationStore> Store for S {}
