//! Opening a database: settings that keep the promises, migrations, and the lock against a second server.

use std::{fs::File, path::Path, str::FromStr as _, time::Duration};

use roomcast_protocol::Epoch;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{SqliteStore, StoreError, search};
use crate::store::{migrations, moving::MOVED};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of SQLite's.
    #[error("unable to read the database URL; {0}")]
    Url(String),
    /// Another server has the file.
    #[error("unable to open the database; another server uses {0}")]
    InUse(String),
    /// The lock file cannot be written.
    #[error("unable to lock the database; {0}")]
    Lock(std::io::Error),
    /// The database itself refuses.
    #[error("unable to open the database; {0}")]
    Database(#[from] sqlx::Error),
    /// What it holds has moved to another database.
    #[error("unable to open the database; it has moved to {0}")]
    Moved(String),
    /// What it holds cannot be taken into the index.
    #[error("unable to index the database; {0}")]
    Index(StoreError),
    /// Its tables cannot be brought up to date.
    #[error("unable to migrate the database; {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Reads beside the writer. WAL readers do not block it; more than a few only fight for the page cache.
const READERS: u32 = 4;

impl SqliteStore {
    /// Opens `sqlite://FILE`, creating it with `?mode=rwc`, and brings its tables up to date.
    ///
    /// `fresh_epoch` becomes the epoch of a database that has none yet.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(url: &str, fresh_epoch: &Epoch) -> Result<Self, OpenError> {
        let store = Self::open_for_move(url, fresh_epoch).await?;
        let moved = sqlx::query_scalar("SELECT value FROM meta WHERE key = ?").bind(MOVED);
        match moved.fetch_optional(&store.readers).await? {
            Some(place) => Err(OpenError::Moved(place)),
            None => Ok(store),
        }
    }

    /// The same, also where it has moved.
    pub(in crate::store) async fn open_for_move(url: &str, fresh_epoch: &Epoch) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| OpenError::Url(error.to_string()))?
            .journal_mode(SqliteJournalMode::Wal)
            // G-3: an acknowledged message survives the power going out.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(2))
            .foreign_keys(true)
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-16000");
        let lock = lock(options.get_filename())?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(2))
            .connect_with(options.clone())
            .await?;
        migrations::sqlite().run(&writer).await?;
        sqlx::query("INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING")
            .bind(fresh_epoch.as_str())
            .execute(&writer)
            .await?;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        search::build(&mut transaction).await.map_err(OpenError::Index)?;
        transaction.commit().await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(Duration::from_secs(2))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self { writer, readers, _lock: lock })
    }
}

/// That a database is in use. It is let go of by name and not with its file: a program that was just started holds a
/// copy of that until it is wholly there, and would keep the lock for as long.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Where that fails, it goes with the file.
        let _ = self.0.unlock();
    }
}

fn lock(database: &Path) -> Result<Option<Lock>, OpenError> {
    if database.as_os_str().is_empty() || database.to_string_lossy().contains(":memory:") {
        return Ok(None);
    }
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(OpenError::Lock)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(database.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => Err(OpenError::Lock(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_lock_file_in_a_started_program_keeps_nobody_out() {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let database = dir.path().join("roomcast.db");
        let held = lock(&database).expect("free").expect("a file has a lock");
        let inherited = held.0.try_clone().expect("a file can be shared");
        assert!(matches!(lock(&database), Err(OpenError::InUse(_))));
        drop(held);
        assert!(lock(&database).is_ok());
        drop(inherited);
    }
}
