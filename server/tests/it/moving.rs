//! Moving from SQLite to Postgres.

use std::{ops::ControlFlow, sync::Arc};

use roomcast_protocol::{
    Limits, Rev, Timestamp,
    command::{DeleteMessage, MarkRead, React, ReadUpTo},
    model::Visibility,
};
use roomcast_server::{
    domain::{Act, Done},
    store::{
        Among, Range, ReadStore as _, RevocationStore as _, SearchIn, SearchQuery, SearchStore as _, Store,
        WriteStore as _,
        moving::{Move, MoveError, Moved, Phase, Progress},
        postgres::{Durability, OpenError, PostgresSettings, PostgresStore},
        sqlite::{self, SqliteStore},
    },
};
use tempfile::TempDir;

use crate::{
    conformance::{self, change, create, epoch, room, text, user},
    postgres::cluster,
};

struct House {
    dir: TempDir,
    url: String,
}

/// A house with something of everything.
async fn furnished(messages: u64) -> House {
    let dir = TempDir::new().expect("a directory");
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("old.db").display());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url, &epoch("home")).await.expect("opened"));
    for name in ["alice", "bob"] {
        conformance::one(&store, name, Act::SeeUser).await.expect("seen");
    }
    conformance::one(&store, "alice", create("r", Visibility::Public)).await.expect("made");
    conformance::one(&store, "bob", Act::Join(room("r"))).await.expect("joined");
    let mut last = None;
    for n in 0..messages {
        let content = format!("message number {n} — «ü», \"quoted\" \\ and 🦀");
        let sent = conformance::one(&store, "alice", text("r", &content, Some(&format!("c{n}")))).await.expect("sent");
        let Done::Message(message, _) = sent else { panic!("a send is answered by its message") };
        last = Some(message.id.clone());
    }
    let last = last.expect("there are messages");
    let react = React { message_id: last.clone(), emoji: "👍".to_owned(), if_rev: None };
    conformance::one(&store, "bob", Act::React(react)).await.expect("reacted");
    let read = ReadUpTo { room_id: room("r"), up_to_seq: roomcast_protocol::Seq::new(2) };
    conformance::one(&store, "bob", Act::Read(MarkRead::UpTo(read))).await.expect("read");
    conformance::one(&store, "bob", Act::Block(user("alice").id)).await.expect("blocked");
    store.revoke(&user("eve").id, Timestamp::new(5_000)).await.expect("revoked");
    let page = store.messages(&room("r"), Range::Newest, Among::All, 2).await.expect("read").messages;
    let delete = DeleteMessage { message_id: page[0].id.clone() };
    conformance::one(&store, "alice", Act::Delete(delete)).await.expect("deleted");
    let seen = vec![(user("bob").id, Timestamp::new(77))];
    conformance::one(&store, "bob", Act::LastSeen(seen)).await.expect("noted");
    store.close().await;
    House { dir, url }
}

fn a_move(house: &House, to: &str, chunk: u32) -> Move {
    Move { from: house.url.clone(), to: to.to_owned(), chunk, durability: Durability::Required }
}

async fn whole(house: &House, to: &str) -> Result<Moved, MoveError> {
    a_move(house, to, 7).run(|_| ControlFlow::Continue(())).await
}

#[tokio::test]
async fn a_house_that_is_broken_off_again_and_again_arrives_whole() {
    let house = furnished(40).await;
    let cluster = cluster();
    let to = cluster.database();
    let mut runs = 0;
    let mut last_done = 0;
    let moved = loop {
        runs += 1;
        let mut chunks = 0;
        let outcome = a_move(&house, &to, 3)
            .run(|Progress { phase, done, .. }| {
                chunks += u32::from(phase == Phase::Copying);
                last_done = done;
                if chunks == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .await;
        match outcome {
            Err(MoveError::BrokenOff) => {
                let opened = PostgresStore::open(&to, &epoch("other"), PostgresSettings::default()).await;
                assert!(matches!(opened, Err(OpenError::Unfinished)), "half a house is none");
            }
            outcome => break outcome.expect("it goes on where it was"),
        }
    };
    assert!(runs > 3, "it was broken off {runs} times");
    assert_eq!(last_done, moved.tables.iter().map(|(_, rows, _)| rows).sum::<u64>());
    let rows: Vec<(&str, u64)> = moved.tables.iter().map(|(table, rows, _)| (*table, *rows)).collect();
    let expected = [
        ("users", 2),
        ("rooms", 1),
        ("members", 2),
        ("messages", 40),
        ("reactions", 1),
        ("blocks", 1),
        ("revocations", 1),
    ];
    assert_eq!(rows, expected);
    let digests: std::collections::BTreeSet<&String> = moved.tables.iter().map(|(_, _, digest)| digest).collect();
    assert_eq!(digests.len(), rows.len(), "a digest is of what it is of");
    lives_on(&house, &to).await;
}

/// The new house is the old one to whoever lives in it.
async fn lives_on(house: &House, to: &str) {
    let old = SqliteStore::open(&house.url, &epoch("other")).await;
    assert!(
        matches!(old, Err(sqlite::OpenError::Moved(place)) if !place.contains("roomcast@") && to.contains(&place[11..]))
    );
    let store = Arc::new(PostgresStore::open(to, &epoch("other"), PostgresSettings::default()).await.expect("opened"));
    assert_eq!(store.epoch().await.expect("read"), epoch("home"));
    let delta = store.delta(&room("r"), Rev::new(0), 1_000).await.expect("read");
    assert_eq!(delta.messages.len(), 40);
    let reacted = delta.messages.last().expect("forty");
    assert_eq!(reacted.reactions[0].emoji, "👍");
    let head = store.memberships(&user("bob").id).await.expect("read").remove(0);
    assert_eq!(delta.rev, head.rev);
    let views = store.room_views(&user("bob").id, &[room("r")]).await.expect("read");
    assert_eq!((views[0].read_seq.value(), views[0].unread), (2, 37), "one of the 38 behind the cursor is deleted");
    assert_eq!(store.blocked(&user("bob").id).await.expect("read"), [user("alice").id]);
    let revoked = store.revoked_since(0, 10).await.expect("read");
    assert_eq!((revoked.len(), revoked[0].not_before.value()), (1, 5_000));
    let words = "number 17".to_owned();
    let query = SearchQuery { within: SearchIn::RoomsOf(user("bob").id), words, before: None, limit: 10 };
    let found = store.search(&query).await.expect("found");
    assert_eq!(found.messages.iter().map(|message| message.seq.value()).collect::<Vec<_>>(), [18]);
    // Numbering goes on where it was, and a send of before the move is known (G-1, G-4).
    let again = change("alice", text("r", "message number 0 — «ü», \"quoted\" \\ and 🦀", Some("c0")));
    let next = change("bob", text("r", "after the move", Some("new")));
    let outcomes = store.commit(&[&again, &next], Timestamp::new(1), &Limits::default()).await.expect("committed");
    let seqs: Vec<u64> = outcomes
        .into_iter()
        .map(|outcome| match outcome.expect("taken").done {
            Done::Message(message, _) => message.seq.value(),
            other => panic!("a send is answered by its message, not {other:?}"),
        })
        .collect();
    assert_eq!(seqs, [1, 41]);
}

#[tokio::test]
async fn a_row_that_is_not_the_same_is_found() {
    let house = furnished(5).await;
    let cluster = cluster();
    let to = cluster.database();
    let mut copied = false;
    let stopped = a_move(&house, &to, 100)
        .run(|progress| {
            copied |= progress.table == "revocations";
            if copied { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await;
    assert!(matches!(stopped, Err(MoveError::BrokenOff)));
    let database = to.rsplit('/').next().expect("a name").to_owned();
    cluster.sql(&database, "UPDATE messages SET body = replace(body, 'number 1 ', 'number 9 ') WHERE seq = 2");
    let outcome = whole(&house, &to).await;
    assert!(
        matches!(outcome, Err(MoveError::Different { table: "messages", from_rows: 5, to_rows: 5 })),
        "{outcome:?}"
    );
    SqliteStore::open(&house.url, &epoch("other")).await.expect("the old house is open as before");
    cluster.sql(&database, "UPDATE messages SET body = replace(body, 'number 9 ', 'number 1 ') WHERE seq = 2");
    whole(&house, &to).await.expect("it is the same now");
    whole(&house, &to).await.expect("once more only compares");
    drop(house.dir);
}

#[tokio::test]
async fn nobody_moves_into_a_house_that_is_lived_in() {
    let (house, other) = (furnished(1).await, furnished(1).await);
    let cluster = cluster();
    let to = cluster.database();
    whole(&other, &to).await.expect("moved");
    cluster.sql(to.rsplit('/').next().expect("a name"), "UPDATE meta SET value = 'another' WHERE key = 'epoch'");
    assert!(matches!(whole(&house, &to).await, Err(MoveError::NotEmpty("users"))));
    let in_use = SqliteStore::open(&house.url, &epoch("other")).await.expect("a server runs on it");
    assert!(matches!(whole(&house, &cluster.database()).await, Err(MoveError::From(sqlite::OpenError::InUse(_)))));
    in_use.close().await;
}
