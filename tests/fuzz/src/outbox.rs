//! The outbox's file, as a crash, another program or a bad disk may have left it.

use std::fs;

use roomcast_client::storage::{FileStorage, Storage as _};

/// Whatever the file holds, it opens or says why not; what was read once is read again.
///
/// # Panics
/// Where reading does, or where a second reading differs.
pub fn outbox(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("outbox");
    fs::write(&path, data).expect("a file can be written");
    let load = || FileStorage::open(&path).and_then(|mut storage| storage.load());
    if let Ok(first) = load() {
        let second = load().expect("what was read once can be read again");
        assert_eq!(format!("{:?}", first.outbox), format!("{:?}", second.outbox));
    }
}
