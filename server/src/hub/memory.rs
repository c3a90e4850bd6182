//! A bus within one process: what every other bus is compared with, and what several nodes in one test talk over.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::mpsc;

use super::{Bus, Heard, Link, NodeId, Topic};

/// Most frames that wait for a node; more are dropped.
const FRAMES: usize = 1_024;

/// The exchange that links are plugged into.
#[derive(Clone, Default)]
pub struct Exchange {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    down: bool,
    plugs: BTreeMap<NodeId, Plug>,
}

struct Plug {
    topics: HashSet<Topic>,
    /// Unbounded for what must not be lost; frames are counted.
    sender: mpsc::UnboundedSender<Heard>,
    frames: Arc<AtomicUsize>,
}

impl Exchange {
    /// A node's place on it. Must run inside a tokio runtime.
    #[must_use]
    pub fn link(&self, node: NodeId) -> Link {
        let (sender, mut waiting) = mpsc::unbounded_channel();
        let (forward, heard) = mpsc::channel(1);
        let frames = Arc::new(AtomicUsize::new(0));
        let taken = frames.clone();
        tokio::spawn(async move {
            while let Some(heard) = waiting.recv().await {
                let is_frame = matches!(heard, Heard::Frame { .. });
                if forward.send(heard).await.is_err() {
                    return;
                }
                if is_frame {
                    taken.fetch_sub(1, Ordering::Relaxed);
                }
            }
        });
        let mut state = self.state();
        if !state.down {
            // The receiver lives in the task above.
            let _ = sender.send(Heard::Up);
        }
        state.plugs.insert(node.clone(), Plug { topics: HashSet::new(), sender, frames });
        Link { node: node.clone(), bus: Arc::new(MemoryBus { node, exchange: self.clone() }), heard }
    }

    /// Cuts every node off from every other.
    pub fn take_down(&self) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.down, true) {
            state.plugs.values().for_each(|plug| plug.tell(Heard::Down));
        }
    }

    /// Mends that.
    pub fn bring_up(&self) {
        let mut state = self.state();
        if std::mem::replace(&mut state.down, false) {
            for plug in state.plugs.values() {
                plug.tell(Heard::Up);
                plug.topics.iter().for_each(|topic| plug.tell(Heard::Subscribed(topic.clone())));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the exchange")
    }
}

impl Plug {
    fn tell(&self, heard: Heard) {
        // A node whose receiving side is dropped hears nothing.
        let _ = self.sender.send(heard);
    }

    fn carry(&self, frame: Heard) {
        if self.frames.fetch_add(1, Ordering::Relaxed) < FRAMES {
            self.tell(frame);
        } else {
            self.frames.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct MemoryBus {
    node: NodeId,
    exchange: Exchange,
}

impl Bus for MemoryBus {
    fn publish(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        let state = self.exchange.state();
        let others = state.plugs.iter().filter(|(node, plug)| **node != self.node && plug.topics.contains(topic));
        if !state.down {
            others.for_each(|(_, plug)| {
                plug.carry(Heard::Frame { from: self.node.clone(), topic: topic.clone(), payload: payload.clone() });
            });
        }
        !state.down
    }

    fn subscribe(&self, topic: Topic) {
        let mut state = self.exchange.state();
        let down = state.down;
        let plug = state.plugs.get_mut(&self.node).expect("a node keeps its plug");
        if plug.topics.insert(topic.clone()) && !down {
            plug.tell(Heard::Subscribed(topic));
        }
    }

    fn unsubscribe(&self, topic: &Topic) {
        let mut state = self.exchange.state();
        state.plugs.get_mut(&self.node).expect("a node keeps its plug").topics.remove(topic);
    }
}
