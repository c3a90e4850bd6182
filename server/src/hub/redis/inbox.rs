//! What came from Redis, until the services take it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::{Notify, mpsc};

use super::{
    frame::{Codec, Refusal},
    wanted::Wanted,
};
use crate::{
    hub::{Heard, Topic},
    metrics::{BusMetrics, Dropped},
};

/// Most frames that wait.
const FRAMES: usize = 8_192;
/// Most bytes that wait.
const BYTES: usize = 32 << 20;

/// Frames that find it full are dropped; the rest is bounded by what this node asked for, and waits.
pub(super) struct Inbox {
    queue: Mutex<Queue>,
    filled: Notify,
    metrics: BusMetrics,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    frames: usize,
    bytes: usize,
    /// Whose pushes are taken.
    session: u64,
}

enum Item {
    Frame { channel: Vec<u8>, frame: Vec<u8> },
    Subscribed { channel: Vec<u8> },
    Heard(Heard),
}

impl Inbox {
    pub(super) fn new(metrics: BusMetrics) -> Self {
        Self { queue: Mutex::default(), filled: Notify::new(), metrics }
    }

    /// The bus is up: pushes of this session are taken from here on.
    pub(super) fn open(&self, session: u64) {
        let mut queue = self.queue();
        queue.session = session;
        queue.items.push_back(Item::Heard(Heard::Up));
        self.filled.notify_one();
    }

    /// The bus is down: what its connections still bring is not taken.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.session = 0;
        queue.items.push_back(Item::Heard(Heard::Down));
        self.filled.notify_one();
    }

    /// Answers for a topic that has been subscribed to all the time.
    pub(super) fn subscribed(&self, topic: Topic) {
        self.queue().items.push_back(Item::Heard(Heard::Subscribed(topic)));
        self.filled.notify_one();
    }

    /// Takes what a connection brings.
    pub(super) fn push(&self, session: u64, info: PushInfo) {
        let mut data = info.data.into_iter();
        let Some(Value::BulkString(channel)) = data.next() else { return };
        let item = match (info.kind, data.next()) {
            (PushKind::Message | PushKind::SMessage, Some(Value::BulkString(frame))) => Item::Frame { channel, frame },
            (PushKind::Subscribe | PushKind::SSubscribe, _) => Item::Subscribed { channel },
            _ => return,
        };
        let mut queue = self.queue();
        if queue.session != session {
            return;
        }
        if let Item::Frame { frame, .. } = &item {
            if queue.frames == FRAMES || queue.bytes + frame.len() > BYTES {
                drop(queue);
                self.metrics.count_dropped(Dropped::InboxFull, 1);
                return;
            }
            queue.frames += 1;
            queue.bytes += frame.len();
        }
        queue.items.push_back(item);
        self.filled.notify_one();
    }

    async fn next(&self) -> Item {
        loop {
            if let Some(item) = self.take() {
                return item;
            }
            self.filled.notified().await;
        }
    }

    fn take(&self) -> Option<Item> {
        let mut queue = self.queue();
        let item = queue.items.pop_front()?;
        if let Item::Frame { frame, .. } = &item {
            queue.frames -= 1;
            queue.bytes -= frame.len();
        }
        Some(item)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nothing panics while it holds the queue")
    }
}

/// Hands on what is good and wanted, in the order in which it came, until nobody takes it any more.
pub(super) async fn deliver(
    inbox: Arc<Inbox>,
    codec: Codec,
    wanted: Arc<Wanted>,
    metrics: BusMetrics,
    sender: mpsc::Sender<Heard>,
) {
    loop {
        let item = tokio::select! {
            item = inbox.next() => item,
            () = sender.closed() => return,
        };
        let heard = match item {
            Item::Heard(heard) => Some(heard),
            Item::Subscribed { channel } => topic(&codec, &channel).map(Heard::Subscribed),
            Item::Frame { channel, frame } => open(&codec, &metrics, &channel, &frame),
        };
        // Withdrawn while it was on its way.
        let heard = heard.filter(|heard| match heard {
            Heard::Frame { topic, .. } | Heard::Subscribed(topic) => wanted.contains(topic),
            _ => true,
        });
        if let Some(heard) = heard
            && sender.send(heard).await.is_err()
        {
            return;
        }
    }
}

fn topic(codec: &Codec, channel: &[u8]) -> Option<Topic> {
    codec.prefix().topic(std::str::from_utf8(channel).ok()?)
}

fn open(codec: &Codec, metrics: &BusMetrics, channel: &[u8], frame: &[u8]) -> Option<Heard> {
    let opened = std::str::from_utf8(channel).map_err(|_| Refusal::Malformed);
    match opened.and_then(|channel| codec.open(channel, frame)) {
        Ok((from, topic, payload)) => {
            metrics.heard.inc();
            Some(Heard::Frame { from, topic, payload })
        }
        Err(Refusal::Own) => None,
        Err(refusal) => {
            metrics.count_refused(match refusal {
                Refusal::Version => "version",
                Refusal::Mac => "mac",
                Refusal::Malformed | Refusal::Own => "malformed",
            });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: PushKind) -> PushInfo {
        PushInfo { kind, data: vec![Value::BulkString(b"roomcast:nodes".to_vec()), Value::BulkString(b"x".to_vec())] }
    }

    #[test]
    fn full_it_drops_frames_and_nothing_else() {
        let metrics = BusMetrics::default();
        let inbox = Inbox::new(metrics.clone());
        inbox.open(1);
        for _ in 0..FRAMES + 5 {
            inbox.push(1, message(PushKind::Message));
        }
        inbox.push(1, message(PushKind::Subscribe));
        inbox.close();
        assert_eq!(metrics.dropped(Dropped::InboxFull), 5);
        let items: Vec<Item> = std::iter::from_fn(|| inbox.take()).collect();
        assert_eq!(items.len(), FRAMES + 3);
        assert!(matches!(items[items.len() - 2..], [Item::Subscribed { .. }, Item::Heard(Heard::Down)]));
    }

    #[test]
    fn what_an_old_connection_brings_is_not_taken() {
        let inbox = Inbox::new(BusMetrics::default());
        inbox.open(1);
        inbox.close();
        inbox.push(1, message(PushKind::Message));
        inbox.open(2);
        inbox.push(1, message(PushKind::Message));
        let items: Vec<Item> = std::iter::from_fn(|| inbox.take()).collect();
        assert!(items.iter().all(|item| matches!(item, Item::Heard(_))));
    }
}
