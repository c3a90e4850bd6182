//! Where the outbox survives a crash (G-11).

use std::io;

use roomcast_client_core::{OpId, Saved, StorageChange, StorageError, StorageOp};
use tokio::sync::mpsc;

mod file;

pub use file::FileStorage;
pub use roomcast_client_core::{Saved as SavedOutbox, SavedItem, StorageChange as Change};

/// A place that keeps the outbox. Called on a thread of its own, so it may block.
pub trait Storage: Send + 'static {
    /// What was kept of the last run. Called once, first.
    ///
    /// # Errors
    /// Where it cannot be read; the client does not start then.
    fn load(&mut self) -> io::Result<Saved>;

    /// Applies all changes in order. What it has said `Ok` to survives a crash.
    ///
    /// # Errors
    /// Where that cannot be said of all of them.
    fn apply(&mut self, changes: &[StorageChange]) -> io::Result<()>;
}

/// Operations on their way to the storage's thread.
const QUEUE: usize = 256;

/// What the thread says of an operation.
pub(crate) type Stored = (OpId, Result<(), StorageError>);

/// The storage's thread: takes all that waits at once, so that a burst costs one flush.
pub(crate) fn start(mut storage: Box<dyn Storage>) -> io::Result<(mpsc::Sender<StorageOp>, mpsc::Receiver<Stored>)> {
    let (ops, mut queued) = mpsc::channel::<StorageOp>(QUEUE);
    let (done, stored) = mpsc::channel(QUEUE);
    let work = move || {
        let mut batch = Vec::new();
        while queued.blocking_recv_many(&mut batch, QUEUE) > 0 {
            let (ids, changes): (Vec<_>, Vec<_>) = batch.drain(..).map(|op| (op.id, op.change)).unzip();
            let result = storage.apply(&changes).map_err(|error| StorageError(error.to_string()));
            if let Err(error) = &result {
                tracing::warn!(%error, "unable to store; the outbox would not survive a crash");
            }
            for id in ids {
                if done.blocking_send((id, result.clone())).is_err() {
                    // Nobody listens any more, but what is queued is still worth keeping.
                    tracing::trace!("stored after the end");
                }
            }
        }
    };
    std::thread::Builder::new().name("roomcast-outbox".to_owned()).spawn(work)?;
    Ok((ops, stored))
}
