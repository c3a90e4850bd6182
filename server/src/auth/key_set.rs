//! The keys that tokens are checked with: those of the settings, and those of a source, which change with time.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use jsonwebtoken::Algorithm;
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Key, KeySource, source::SourceError};

/// Tokens that name an unknown key make the source be asked this often at most, whoever sends them.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// How long a server that starts waits between two attempts to get its first keys.
const START_AGAIN: Duration = Duration::from_secs(2);

/// Keys, looked up by what a token calls them.
#[derive(Debug)]
pub(super) struct KeySet {
    fixed: Vec<Key>,
    source: Option<KeySource>,
    read: RwLock<Arc<[Key]>>,
    /// When the source was last asked; held while it is.
    asked: Mutex<Option<Instant>>,
}

impl KeySet {
    pub(super) fn new(fixed: Vec<Key>, source: Option<KeySource>) -> Self {
        Self { fixed, source, read: RwLock::new(Arc::default()), asked: Mutex::default() }
    }

    /// The keys that a token may be signed with, as its header says.
    pub(super) fn fitting(&self, algorithm: Algorithm, id: Option<&str>) -> Vec<Key> {
        let read = self.read.read().expect("nothing panics while it holds the keys").clone();
        self.fixed.iter().chain(read.iter()).filter(|key| key.fits(algorithm, id)).cloned().collect()
    }

    pub(super) const fn has_source(&self) -> bool {
        self.source.is_some()
    }

    /// Asks the source once more because a token names a key that is not known, unless that was done just now.
    pub(super) async fn learn(&self) {
        let Some(source) = &self.source else { return };
        let mut asked = self.asked.lock().await;
        // Whoever waited for somebody else's question has the answer.
        if asked.is_some_and(|at| at.elapsed() < ASK_AGAIN) {
            return;
        }
        *asked = Some(Instant::now());
        self.take(source, source.read().await);
    }

    /// Waits for the first keys.
    pub(super) async fn begin(&self) {
        let Some(source) = &self.source else { return };
        while !self.take(source, source.read().await) {
            tokio::time::sleep(START_AGAIN).await;
        }
    }

    /// Looks for other keys from time to time, until it is told to stop.
    pub(super) async fn follow(&self, stop: CancellationToken) {
        let Some(source) = &self.source else { return };
        while stop.run_until_cancelled(tokio::time::sleep(source.every())).await.is_some() {
            self.take(source, source.read().await);
        }
    }

    /// Takes what a source said. What cannot be read leaves the keys as they were: a provider that is away for a while
    /// must lock nobody out.
    fn take(&self, source: &KeySource, read: Result<Vec<Key>, SourceError>) -> bool {
        match read {
            Ok(keys) => {
                *self.read.write().expect("nothing panics while it holds the keys") = keys.into();
                true
            }
            Err(error) => {
                // With its causes: a client's own error says only that it failed.
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(%source, error, "unable to renew the keys of tokens");
                false
            }
        }
    }
}
