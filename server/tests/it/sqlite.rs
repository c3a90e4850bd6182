//! SQLite.

use std::sync::Arc;

use roomcast_server::store::{
    WriteStore as _,
    sqlite::{OpenError, SqliteStore},
};
use tempfile::TempDir;

use crate::conformance::{Subject, epoch, suite};

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
    g12_unread_is_the_published_formula,
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
async fn a_second_server_on_one_file_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let first = SqliteStore::open(&url(&folder), &epoch("first")).await.expect("opened");
    let second = SqliteStore::open(&url(&folder), &epoch("first")).await;
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    drop(first);
    SqliteStore::open(&url(&folder), &epoch("first")).await.expect("free again");
}
