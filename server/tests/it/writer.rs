//! The writer before a store that fails as it is told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use roomcast_protocol::{Epoch, ErrorCode, Limits, Timestamp};
use roomcast_server::{
    domain::{Act, Change, Decision, Done},
    env::RealEnv,
    store::{Observer, Outcomes, StoreError, WriteStore, Writer, WriterSettings},
};
use tokio::sync::mpsc;

use crate::conformance::{change, room, text};

/// Takes everything but what holds the word "poison"; notes the size of each transaction.
#[derive(Default)]
struct Fussy {
    batches: Mutex<Vec<usize>>,
    away: AtomicUsize,
}

#[async_trait]
impl WriteStore for Fussy {
    async fn commit(&self, changes: &[&Change], _: Timestamp, _: &Limits) -> Result<Outcomes, StoreError> {
        self.batches.lock().expect("no panic").push(changes.len());
        if self.away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(StoreError::Unavailable("away".to_owned()));
        }
        let poison = |change: &&Change| matches!(&change.act, Act::Send(send) if send.content == "poison");
        if changes.iter().any(poison) {
            return Err(StoreError::Statement("it does not fit".to_owned()));
        }
        Ok(changes.iter().map(|_| Ok(Decision::quiet(Done::Changed(None)))).collect())
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        Err(StoreError::Unavailable("there is none".to_owned()))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct Deaf;

impl Observer for Deaf {
    fn wrote(&self, _: usize, _: u64) {}
    fn failed(&self, _: &StoreError) {}
}

fn start(store: &Arc<Fussy>, queue: usize) -> Writer {
    let (news, _) = mpsc::channel(1);
    let settings = WriterSettings { queue, ..WriterSettings::default() };
    Writer::start(store.clone(), Arc::new(Deaf), news, RealEnv::shared(), Limits::default(), settings)
}

#[tokio::test]
async fn g2_a_poison_item_fails_alone() {
    let store = Arc::new(Fussy::default());
    let writer = start(&store, 100);
    let contents = (0..16).map(|n| if n == 11 { "poison".to_owned() } else { n.to_string() });
    let waiting: Vec<_> =
        contents.map(|content| writer.submit(change("alice", text("r", &content, None))).expect("queued")).collect();
    let mut failed = Vec::new();
    for (n, outcome) in waiting.into_iter().enumerate() {
        if let Err(error) = outcome.await.expect("answered") {
            failed.push((n, error.code));
        }
    }
    assert_eq!(failed, [(11, ErrorCode::Internal)]);
}

#[tokio::test]
async fn what_waits_shares_a_transaction() {
    let store = Arc::new(Fussy::default());
    let writer = start(&store, 500);
    let waiting: Vec<_> =
        (0..450).map(|_| writer.submit(change("alice", Act::Join(room("r")))).expect("queued")).collect();
    for outcome in waiting {
        outcome.await.expect("answered").expect("taken");
    }
    assert_eq!(*store.batches.lock().expect("no panic"), [200, 200, 50]);
}

#[tokio::test]
async fn g4_an_unknown_outcome_is_retryable_and_not_tried_again_behind_the_callers_back() {
    let store = Arc::new(Fussy { away: AtomicUsize::new(1), ..Fussy::default() });
    let writer = start(&store, 100);
    let outcome = writer.submit(change("alice", Act::Join(room("r")))).expect("queued");
    let error = outcome.await.expect("answered").expect_err("away");
    assert!(error.code == ErrorCode::Unavailable && error.retryable);
    let again = writer.submit(change("alice", Act::Join(room("r")))).expect("queued");
    again.await.expect("answered").expect("taken");
    assert_eq!(*store.batches.lock().expect("no panic"), [1, 1]);
}

#[tokio::test]
async fn a_full_queue_refuses_and_loses_nothing() {
    let store = Arc::new(Fussy::default());
    let writer = start(&store, 4);
    let waiting: Vec<_> = (0..10).map(|_| writer.submit(change("alice", Act::Join(room("r"))))).collect();
    assert_eq!(waiting.iter().filter(|outcome| outcome.is_err()).count(), 6);
    for outcome in waiting.into_iter().flatten() {
        outcome.await.expect("answered").expect("taken");
    }
}
