//! Everything that a server has said on one connection.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{sync::watch, time::timeout};

/// What has come and was not taken yet.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Events, oldest first.
    pub(super) events: VecDeque<(String, Value)>,
    /// Every answer to each ack id: there should be one.
    pub(super) acks: BTreeMap<u64, Vec<Value>>,
    /// The answer to our CONNECT.
    pub(super) connected: Option<Result<String, String>>,
    /// Why there will be no more.
    pub(super) closed: Option<String>,
}

#[derive(Debug)]
pub(super) struct Inbox {
    contents: Mutex<Contents>,
    changes: watch::Sender<()>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { contents: Mutex::default(), changes: watch::Sender::new(()) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self, with: impl FnOnce(&mut Contents)) {
        with(&mut self.lock());
        self.changes.send_replace(());
    }

    /// Waits until `take` finds what it wants; `None` at the deadline.
    pub(super) async fn wait<T>(
        &self,
        deadline: Duration,
        mut take: impl FnMut(&mut Contents) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let wanted = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = take(&mut self.lock()) {
                    return found;
                }
                changes.changed().await.expect("the sender lives as long as we do");
            }
        };
        timeout(deadline, wanted).await.ok()
    }
}
