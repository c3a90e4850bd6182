//! The outbox in a file: a line of JSON for each change, compacted at the start.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use roomcast_client_core::{Saved, SavedItem, StorageChange};
use roomcast_protocol::ClientId;
use serde::{Deserialize, Serialize};

use super::Storage;

/// With nothing left to keep, a file longer than this is emptied.
const LONG: u64 = 64 * 1024;

/// An append-only file. Each change is flushed to the disk before it is said to be stored.
#[derive(Debug)]
pub struct FileStorage {
    path: PathBuf,
    file: File,
    length: u64,
    items: BTreeMap<ClientId, SavedItem>,
    /// Held as long as the client lives: two of them would send each other's messages.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Put(Box<SavedItem>),
    Remove(ClientId),
}

impl FileStorage {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// The file system's; [`io::ErrorKind::WouldBlock`] where another client uses the file;
    /// [`io::ErrorKind::InvalidData`] where a line before the last is not ours.
    pub fn open(path: &Path) -> io::Result<Self> {
        let lock_path = beside(path, "lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path)?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, "another client uses it"),
            fs::TryLockError::Error(error) => error,
        })?;
        let items = read(path)?;
        let (file, length) = compact(path, &items)?;
        Ok(Self { path: path.to_owned(), file, length, items, _lock: lock })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // A line may be there in part: cut it off, so that the next does not continue it.
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::End(0))?;
            return written;
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

impl Storage for FileStorage {
    fn load(&mut self) -> io::Result<Saved> {
        Ok(Saved { outbox: self.items.values().cloned().collect() })
    }

    fn apply(&mut self, changes: &[StorageChange]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for change in changes {
            let line = match change.clone() {
                StorageChange::Put(item) => Line::Put(item),
                StorageChange::Remove(client_id) => Line::Remove(client_id),
            };
            serde_json::to_writer(&mut bytes, &line)?;
            bytes.push(b'\n');
            take(&mut self.items, line);
        }
        if self.items.is_empty() && self.length > LONG {
            (self.file, self.length) = compact(&self.path, &self.items)?;
            return Ok(());
        }
        self.append(&bytes)
    }
}

fn take(items: &mut BTreeMap<ClientId, SavedItem>, line: Line) {
    match line {
        Line::Put(item) => {
            if let Some(client_id) = item.client_id().cloned() {
                items.insert(client_id, *item);
            }
        }
        Line::Remove(client_id) => drop(items.remove(&client_id)),
    }
}

/// A crash can tear the last line: it had not been said to be stored, so it is left out.
fn read(path: &Path) -> io::Result<BTreeMap<ClientId, SavedItem>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let mut items = BTreeMap::new();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    for (number, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let line = serde_json::from_slice(line).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("line {} is not one of an outbox", number + 1))
        })?;
        take(&mut items, line);
    }
    Ok(items)
}

/// Writes what is left beside the file and puts it in its place, so that a crash leaves the one or the other.
fn compact(path: &Path, items: &BTreeMap<ClientId, SavedItem>) -> io::Result<(File, u64)> {
    let mut bytes = Vec::new();
    for item in items.values() {
        serde_json::to_writer(&mut bytes, &Line::Put(Box::new(item.clone())))?;
        bytes.push(b'\n');
    }
    let fresh = beside(path, "new");
    let mut file = File::create(&fresh)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok((file, bytes.len() as u64))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use roomcast_client_core::Task;
    use roomcast_protocol::{RoomId, command::SendMessage};

    use super::*;

    fn item(client_id: &str, order: u64) -> SavedItem {
        let send = SendMessage {
            client_id: Some(ClientId::parse(client_id).unwrap()),
            ..SendMessage::text(RoomId::parse("general").unwrap(), "hi\nthere")
        };
        SavedItem { task: Task::Send(send), author: None, order, created_ms: 1, failed: None }
    }

    fn put(client_id: &str, order: u64) -> StorageChange {
        StorageChange::Put(Box::new(item(client_id, order)))
    }

    #[test]
    fn g11_what_was_put_and_not_removed_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        let mut storage = FileStorage::open(&path).unwrap();
        storage.apply(&[put("a", 0), put("b", 1), StorageChange::Remove(ClientId::parse("a").unwrap())]).unwrap();
        drop(storage);
        let saved = FileStorage::open(&path).unwrap().load().unwrap();
        assert_eq!(saved.outbox, [item("b", 1)]);
    }

    #[test]
    fn g11_a_torn_last_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        FileStorage::open(&path).unwrap().apply(&[put("a", 0), put("b", 1)]).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 7).unwrap();
        let mut storage = FileStorage::open(&path).unwrap();
        assert_eq!(storage.load().unwrap().outbox, [item("a", 0)]);
        storage.apply(&[put("c", 2)]).unwrap();
        drop(storage);
        assert_eq!(FileStorage::open(&path).unwrap().load().unwrap().outbox.len(), 2);
    }

    #[test]
    fn one_file_serves_one_client() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        let _first = FileStorage::open(&path).unwrap();
        assert_eq!(FileStorage::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
