//! Postgres, on a cluster of the tests' own.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::Poll,
};

use roomcast_protocol::{ErrorCode, Limits, Rev, Timestamp};
use roomcast_server::{
    domain::{Act, Done},
    store::{
        ReadStore as _, StoreError, WriteStore as _,
        postgres::{Durability, OpenError, PostgresSettings, PostgresStore},
    },
};
use roomcast_test_services::Postgres;

use crate::conformance::{self, Subject, change, create, epoch, room, suite, text};

/// The cluster that tests share while any of them runs.
pub(crate) fn cluster() -> Arc<Postgres> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let cluster = Arc::new(Postgres::start());
        *shared = Arc::downgrade(&cluster);
        cluster
    })
}

async fn store(url: &str) -> PostgresStore {
    PostgresStore::open(url, &epoch("first"), PostgresSettings::default()).await.expect("opened")
}

async fn open() -> (Subject, Arc<Postgres>) {
    let cluster = cluster();
    let store = store(&cluster.database()).await;
    (Arc::new(store), cluster)
}

suite!(open:
    what_was_committed_is_read_back,
    a_batch_is_decided_in_its_order,
    a_refusal_in_a_batch_leaves_the_others,
    g4_a_repeated_send_is_one_message,
    g1_what_changed_since_is_found_whatever_it_was,
    a_thread_is_read_by_itself_and_counted_at_its_first_message,
    pinned_messages_are_read_by_themselves,
    a_deleted_room_is_nobodys_and_its_id_stays_taken,
    a_role_moves_the_memberships_rev_and_not_the_coming_in,
    heads_and_memberships_are_read_of_many_at_once,
    settings_are_a_change,
    bans_and_mutes_hold_until_their_end,
    a_blocked_user_brings_nobody_in_who_blocked_them,
    reactions_are_counted_once_each_and_known_by_whose_they_are,
    g12_unread_is_the_published_formula,
    g16_a_revocation_only_moves_forward_and_is_numbered_as_it_was_written,
    g16_revocations_at_once_have_each_their_number,
    users_are_found_all_at_once,
    history_is_read_from_any_place,
    rooms_are_listed_in_pages_to_those_who_may_see_them,
);

#[tokio::test]
async fn the_epoch_is_the_databases_and_not_the_servers() {
    let cluster = cluster();
    let url = cluster.database();
    for fresh in ["first", "second"] {
        let store = PostgresStore::open(&url, &epoch(fresh), PostgresSettings::default()).await.expect("opened");
        assert_eq!(store.epoch().await.expect("read"), epoch("first"));
        store.close().await;
    }
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    let cluster = cluster();
    let url = cluster.database();
    let opened = futures_util::future::join_all((0..4).map(|_| store(&url))).await;
    for store in opened {
        store.ping().await.expect("it answers");
    }
}

/// Several writers on several rooms, each room hot on all of them: dense, and nothing lost.
#[tokio::test]
async fn g2_two_nodes_number_one_room_densely() {
    const ROUNDS: u64 = 30;
    let cluster = cluster();
    let url = cluster.database();
    let (one, other) = (Arc::new(store(&url).await), Arc::new(store(&url).await));
    let begin: Subject = one.clone();
    conformance::begin(&begin).await;
    conformance::one(&begin, "alice", create("s", roomcast_protocol::model::Visibility::Public)).await.expect("made");
    let writer = |store: Arc<PostgresStore>, rooms: [&'static str; 2], node: u64| async move {
        let mut revs = Vec::new();
        for n in 0..ROUNDS {
            let batch: Vec<_> =
                rooms.iter().map(|id| change("alice", text(id, &format!("{node} {n}"), None))).collect();
            let batch: Vec<_> = batch.iter().collect();
            let outcomes = store.commit(&batch, Timestamp::new(1_000), &Limits::default()).await.expect("committed");
            for outcome in outcomes {
                let Ok(Done::Message(message, rev)) = outcome.map(|decision| decision.done) else { panic!("refused") };
                revs.push((message.room_id.clone(), rev.value(), message.seq.value()));
            }
        }
        revs
    };
    // Named in opposite orders, as a deadlock would need.
    let (mine, theirs) = tokio::join!(
        tokio::spawn(writer(one.clone(), ["r", "s"], 1)),
        tokio::spawn(writer(other.clone(), ["s", "r"], 2)),
    );
    let all: Vec<_> = mine.expect("ran").into_iter().chain(theirs.expect("ran")).collect();
    for id in ["r", "s"] {
        let mut seqs: Vec<u64> = all.iter().filter(|(at, _, _)| *at == room(id)).map(|(_, _, seq)| *seq).collect();
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=2 * ROUNDS).collect::<Vec<_>>(), "{id}");
    }
}

#[tokio::test]
async fn two_nodes_that_make_one_room_make_it_once() {
    let cluster = cluster();
    let url = cluster.database();
    let (one, other) = (Arc::new(store(&url).await), Arc::new(store(&url).await));
    for n in 0..10 {
        let id = format!("room-{n}");
        let make = |store: Arc<PostgresStore>, user: &'static str, id: String| async move {
            let store: Subject = store;
            conformance::one(&store, user, create(&id, roomcast_protocol::model::Visibility::Public)).await
        };
        let (mine, theirs) =
            tokio::join!(make(one.clone(), "alice", id.clone()), make(other.clone(), "bob", id.clone()));
        let made = [&mine, &theirs].iter().filter(|made| made.is_ok()).count();
        let refused = [mine, theirs].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert!(made == 1 && refused == [ErrorCode::Conflict], "{made} made, {refused:?}");
    }
}

/// Gives up after so many waits.
async fn impatient<T>(work: impl Future<Output = T>, waits: usize) {
    let mut work = pin!(work);
    let mut waited = 0;
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Pending if waited < waits => {
            waited += 1;
            Poll::Pending
        }
        Poll::Pending | Poll::Ready(_) => Poll::Ready(()),
    })
    .await;
}

/// A client that goes in the middle of its resume, or a database that takes too long, leaves nothing behind.
#[tokio::test]
async fn g7_what_was_not_waited_for_shows_nobody_the_past() {
    let cluster = cluster();
    let only_one = PostgresSettings { readers: 1, ..PostgresSettings::default() };
    let store = Arc::new(PostgresStore::open(&cluster.database(), &epoch("first"), only_one).await.expect("opened"));
    let subject: Subject = store.clone();
    conformance::begin(&subject).await;
    for waits in 0..20 {
        impatient(store.delta(&room("r"), Rev::default(), 100), waits).await;
        for part in ["before", "after"] {
            let said = text("r", &format!("{waits} {part}"), None);
            let Done::Message(_, rev) = conformance::one(&subject, "alice", said).await.expect("said") else {
                panic!("it is a message")
            };
            let heads = store.heads(&[room("r")]).await.expect("read");
            assert_eq!(heads[0].rev, rev, "after {waits} waits");
        }
    }
}

#[tokio::test]
async fn g3_a_database_that_forgets_is_refused() {
    let cluster = Postgres::start_with(&["synchronous_commit=off"]);
    let url = cluster.database();
    let refused = PostgresStore::open(&url, &epoch("first"), PostgresSettings::default()).await;
    assert!(matches!(refused, Err(OpenError::Unsafe(ref setting)) if setting == "synchronous_commit"), "{refused:?}");
    let allowed = PostgresSettings { durability: Durability::Unsafe, ..PostgresSettings::default() };
    PostgresStore::open(&url, &epoch("first"), allowed).await.expect("allowed");
}

/// Frozen, then killed: `unavailable` in time, and all goes on after.
#[tokio::test]
async fn a_database_that_says_nothing_is_unavailable_within_two_seconds() {
    let mut cluster = Postgres::start();
    let store: Subject = Arc::new(store(&cluster.database()).await);
    conformance::begin(&store).await;
    let send = change("alice", text("r", "hi", Some("c1")));
    let attempt = || async {
        let started = std::time::Instant::now();
        let outcome = store.commit(&[&send], Timestamp::new(1_000), &Limits::default()).await;
        let read = store.room(&room("r")).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        started.elapsed()
    };
    cluster.freeze();
    let frozen = attempt().await;
    cluster.thaw();
    // One after the other, each with a patience below two seconds.
    assert!(frozen.as_secs() < 4, "{frozen:?}");
    cluster.kill();
    attempt().await;
    cluster.restart();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let sent = loop {
        match store.commit(&[&send], Timestamp::new(1_000), &Limits::default()).await {
            Ok(mut outcomes) => break outcomes.pop().expect("one outcome"),
            Err(error) => assert!(std::time::Instant::now() < end, "{error}"),
        }
    };
    // Whether or not the frozen one went through: once, and only once (G-4).
    assert!(matches!(sent.map(|decision| decision.done), Ok(Done::Message(message, _)) if message.seq.value() == 1));
    assert!(conformance::one(&store, "bob", Act::Leave(room("r"))).await.is_ok());
}
