//! What this node wants to hear: the truth that every connection is brought in line with.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use tokio::sync::Notify;

use crate::hub::Topic;

/// The topics, and which of them were touched since a connection last looked. Bounded by who is connected here.
#[derive(Default)]
pub(super) struct Wanted {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    topics: HashMap<Topic, Asked>,
    touched: HashSet<Topic>,
    last: u64,
}

/// Which asking it was: one that was withdrawn and asked again is answered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked(u64);

impl Wanted {
    pub(super) fn add(&self, topic: Topic) {
        let mut state = self.state();
        if state.topics.contains_key(&topic) {
            return;
        }
        state.last += 1;
        let asked = Asked(state.last);
        state.topics.insert(topic.clone(), asked);
        state.touched.insert(topic);
        self.changed.notify_one();
    }

    pub(super) fn remove(&self, topic: &Topic) {
        let mut state = self.state();
        if state.topics.remove(topic).is_some() {
            state.touched.insert(topic.clone());
            self.changed.notify_one();
        }
    }

    pub(super) fn contains(&self, topic: &Topic) -> bool {
        self.state().topics.contains_key(topic)
    }

    pub(super) fn len(&self) -> usize {
        self.state().topics.len()
    }

    /// All of them, for a fresh connection: what is touched from here on is a change to that.
    pub(super) fn all(&self) -> Vec<(Topic, Asked)> {
        let mut state = self.state();
        state.touched.clear();
        state.topics.iter().map(|(topic, asked)| (topic.clone(), *asked)).collect()
    }

    /// Waits for changes: what was touched, and since when it is wanted, if it is.
    pub(super) async fn changes(&self) -> Vec<(Topic, Option<Asked>)> {
        loop {
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
            self.changed.notified().await;
        }
    }

    fn take(&self) -> Vec<(Topic, Option<Asked>)> {
        let mut state = self.state();
        let touched = std::mem::take(&mut state.touched);
        touched
            .into_iter()
            .map(|topic| {
                let asked = state.topics.get(&topic).copied();
                (topic, asked)
            })
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the topics")
    }
}
