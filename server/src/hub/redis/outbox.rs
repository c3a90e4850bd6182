//! What this node wants to say, until the connection takes it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::mpsc;

use crate::{
    hub::Topic,
    metrics::{BusMetrics, Dropped},
};

/// Most frames that wait.
const FRAMES: usize = 8_192;
/// Most bytes that wait.
const BYTES: usize = 16 << 20;
/// Most frames that go out together.
const BATCH: usize = 256;

/// A frame before it is sealed.
pub(super) struct Outgoing {
    pub(super) topic: Topic,
    pub(super) payload: Arc<[u8]>,
}

/// The sending end. When it is full, or the bus is down, frames are dropped and counted.
#[derive(Clone)]
pub(super) struct Outbox {
    sender: mpsc::Sender<Outgoing>,
    waiting: Arc<Waiting>,
    metrics: BusMetrics,
}

#[derive(Default)]
struct Waiting {
    bytes: AtomicUsize,
    up: AtomicBool,
}

/// The end that the connection takes from.
pub(super) struct Drain {
    receiver: mpsc::Receiver<Outgoing>,
    waiting: Arc<Waiting>,
}

impl Outbox {
    pub(super) fn new(metrics: BusMetrics) -> (Self, Drain) {
        let (sender, receiver) = mpsc::channel(FRAMES);
        let waiting = Arc::new(Waiting::default());
        (Self { sender, waiting: waiting.clone(), metrics }, Drain { receiver, waiting })
    }

    /// Whether frames are taken.
    pub(super) fn set_up(&self, up: bool) {
        self.waiting.up.store(up, Ordering::Relaxed);
    }

    /// Takes a frame or drops it, at once.
    pub(super) fn offer(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        let refused = if self.waiting.up.load(Ordering::Relaxed) {
            self.put(topic, payload).then_some(()).ok_or(Dropped::QueueFull)
        } else {
            Err(Dropped::Down)
        };
        refused.inspect_err(|why| self.metrics.count_dropped(*why, 1)).is_ok()
    }

    fn put(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        let bytes = payload.len();
        let fits = self.waiting.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= BYTES;
        let taken = fits && self.sender.try_send(Outgoing { topic: topic.clone(), payload }).is_ok();
        if !taken {
            self.waiting.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        taken
    }
}

impl Drain {
    /// Waits for a frame and gives it with what waits behind it; nothing once there is nobody to say anything.
    pub(super) async fn batch(&mut self) -> Vec<Outgoing> {
        let mut batch = Vec::new();
        self.receiver.recv_many(&mut batch, BATCH).await;
        self.release(&batch);
        batch
    }

    /// Forgets what waits, and says how much it was.
    pub(super) fn clear(&mut self) -> usize {
        let mut forgotten = Vec::new();
        while let Ok(frame) = self.receiver.try_recv() {
            forgotten.push(frame);
        }
        self.release(&forgotten);
        forgotten.len()
    }

    fn release(&self, frames: &[Outgoing]) {
        let bytes = frames.iter().map(|frame| frame.payload.len()).sum();
        self.waiting.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: usize) -> Arc<[u8]> {
        vec![0; bytes].into()
    }

    #[test]
    fn it_takes_nothing_while_the_bus_is_down() {
        let metrics = BusMetrics::default();
        let (outbox, _drain) = Outbox::new(metrics.clone());
        assert!(!outbox.offer(&Topic::Nodes, of(1)));
        assert_eq!(metrics.dropped(Dropped::Down), 1);
    }

    #[tokio::test]
    async fn it_is_bounded_in_frames_and_in_bytes() {
        let metrics = BusMetrics::default();
        let (outbox, mut drain) = Outbox::new(metrics.clone());
        outbox.set_up(true);
        let taken = (0..FRAMES + 10).filter(|_| outbox.offer(&Topic::Nodes, of(1))).count();
        assert_eq!(taken, FRAMES);
        assert_eq!(metrics.dropped(Dropped::QueueFull), 10);
        assert_eq!(drain.batch().await.len(), BATCH);
        assert_eq!(drain.clear(), FRAMES - BATCH);

        assert!(outbox.offer(&Topic::Nodes, of(BYTES)));
        assert!(!outbox.offer(&Topic::Nodes, of(1)));
        drain.clear();
        assert!(outbox.offer(&Topic::Nodes, of(1)));
    }
}
