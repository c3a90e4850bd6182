//! An outbox that survives its client, in memory.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use roomcast_client::storage::{Change, SavedItem, SavedOutbox, Storage};
use roomcast_protocol::ClientId;

/// What one device has stored.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    items: Arc<Mutex<BTreeMap<ClientId, SavedItem>>>,
    life: Arc<AtomicU64>,
}

/// The outbox as one life of the client uses it.
#[derive(Debug)]
pub struct Opened {
    outbox: Outbox,
    life: u64,
}

impl Outbox {
    /// Opens it for a new client; one before can change nothing any more.
    #[must_use]
    pub fn open(&self) -> Opened {
        let life = self.life.fetch_add(1, Ordering::SeqCst) + 1;
        Opened { outbox: self.clone(), life }
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<ClientId, SavedItem>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for Opened {
    fn load(&mut self) -> io::Result<SavedOutbox> {
        Ok(SavedOutbox { outbox: self.outbox.items().values().cloned().collect() })
    }

    fn apply(&mut self, changes: &[Change]) -> io::Result<()> {
        let mut items = self.outbox.items();
        if self.outbox.life.load(Ordering::SeqCst) != self.life {
            return Err(io::Error::other("the client is dead"));
        }
        for change in changes {
            match change {
                Change::Put(item) => {
                    if let Some(client_id) = item.client_id() {
                        items.insert(client_id.clone(), (**item).clone());
                    }
                }
                Change::Remove(client_id) => drop(items.remove(client_id)),
            }
        }
        Ok(())
    }
}
