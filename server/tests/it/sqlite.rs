//! SQLite.

use std::sync::Arc;

use roomcast_protocol::{Limits, Timestamp, model::Visibility};
use roomcast_server::store::{
    SearchIn, SearchQuery, SearchStore as _, WriteStore as _,
    sqlite::{OpenError, SqliteStore},
};
use tempfile::TempDir;

use crate::conformance::{Subject, change, create, epoch, suite, text, user};

fn url(folder: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display())
}

async fn open() -> (Subject, TempDir) {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::open(&url(&folder), &epoch("first")).await.expect("opened");
    (Arc::new(store), folder)
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
    words_are_found_where_the_asker_is_and_follow_their_message,
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
    let folder = TempDir::new().expect("a folder");
    for fresh in ["first", "second"] {
        let store = SqliteStore::open(&url(&folder), &epoch(fresh)).await.expect("opened");
        assert_eq!(store.epoch().await.expect("read"), epoch("first"));
        store.close().await;
    }
}

#[tokio::test]
async fn what_was_written_before_there_was_an_index_is_found() {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::open(&url(&folder), &epoch("first")).await.expect("opened");
    for act in [create("r", Visibility::Public), text("r", "a needle", None), text("r", "some hay", None)] {
        let change = change("alice", act);
        store.commit(&[&change], Timestamp::new(1_000), &Limits::default()).await.expect("committed");
    }
    store.close().await;
    drop(store);
    let raw = sqlx::SqlitePool::connect(&url(&folder)).await.expect("opened");
    sqlx::raw_sql("DELETE FROM search; DELETE FROM search_docs").execute(&raw).await.expect("forgotten");
    raw.close().await;
    let store = SqliteStore::open(&url(&folder), &epoch("first")).await.expect("opened");
    let words = "needle".to_owned();
    let query = SearchQuery { within: SearchIn::RoomsOf(user("alice").id), words, before: None, limit: 10 };
    let found = store.search(&query).await.expect("searched");
    assert_eq!(found.messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>(), ["a needle"]);
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let first = SqliteStore::open(&url(&folder), &epoch("first")).await.expect("opened");
    let second = SqliteStore::open(&url(&folder), &epoch("first")).await;
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    drop(first);
    SqliteStore::open(&url(&folder), &epoch("first")).await.expect("free again");
}
