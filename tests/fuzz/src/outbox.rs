//! The outbox's file, as a crash, another program or a bad disk may have left it.

use std::fs;

use roomcast_client::storage::{FileStorage, Storage as _};
use roomcast_client_core::{Client, CommandId, Config, Input, Now, Saved, Storage, UserCommand};

/// Whatever the file holds, it opens or says why not; what was read once is read again, and a client begins with it.
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
        begin(first);
    }
}

/// A client with these items shows them, and drops what the user gives up.
fn begin(saved: Saved) {
    let now = Now { mono_ms: 0, wall_ms: 1_700_000_000_000 };
    let items: Vec<_> = saved.outbox.iter().filter_map(|item| item.client_id().cloned()).collect();
    let config = Config { storage: Storage::Durable, ..Config::default() };
    let mut client = Client::new(config, 7, now, saved);
    client.handle(now, Input::Connect);
    for (id, client_id) in (0..).zip(items) {
        client.handle(now, Input::Command { id: CommandId(id), command: UserCommand::Discard(client_id) });
    }
    while client.poll_effect().is_some() {}
    let _ = client.view();
}
