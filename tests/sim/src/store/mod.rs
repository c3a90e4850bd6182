//! The model store: the real rules on rows in memory, with the faults of a database.

mod read;
mod revocations;
mod rows;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use roomcast_protocol::{Epoch, Event, Limits, RoomId, Timestamp};
use roomcast_server::{
    domain::{Change, Keys, News, decide},
    planted::{self, Bug},
    store::{Outcomes, StoreError, WriteStore},
};
use tokio::sync::{Mutex as RowLock, OwnedMutexGuard};

use crate::{
    kernel::{Group, Kernel},
    rng::Rng,
};

pub(crate) use rows::Db;

/// How the database misbehaves now; chances in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoreFaults {
    /// A commit does not happen and says `Unavailable`.
    pub before: u64,
    /// A commit happens and says `Unavailable`.
    pub unknown: u64,
    /// A statement fails.
    pub statement: u64,
    /// A commit takes seconds.
    pub slow: u64,
    /// A read says `Unavailable`.
    pub read: u64,
    /// A read takes a second or so.
    pub slow_read: u64,
}

/// Where the process is to die in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrashPoint {
    /// Before anything of it is durable.
    BeforeCommit,
    /// It is durable and nobody knows.
    AfterCommit,
    /// Its first ack is on the wire, its news is not.
    AfterAck,
}

/// What the faults did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoreCounts {
    /// Commits.
    pub commits: u64,
    /// Commits that did not happen.
    pub before: u64,
    /// Commits that happened and said that they might not have.
    pub unknown: u64,
    /// Statements that failed.
    pub statement: u64,
    /// Commits that took seconds.
    pub slow: u64,
    /// Reads that failed.
    pub read: u64,
    /// Reads that took long.
    pub slow_read: u64,
    /// Processes that died before a commit.
    pub killed_before_commit: u64,
    /// Processes that died after one, before its acks.
    pub killed_after_commit: u64,
    /// Processes that died after an ack, before the news.
    pub killed_after_ack: u64,
}

/// The database, as it outlives processes.
pub(crate) struct Disk<E> {
    kernel: Arc<Kernel<E>>,
    state: Mutex<DiskState>,
}

/// What is on the disk and in the way of getting there.
pub(crate) struct DiskState {
    /// The rows.
    pub db: Db,
    /// What goes wrong.
    pub faults: StoreFaults,
    /// What went wrong.
    pub counts: StoreCounts,
    /// Where the process is to die.
    pub crash: Option<CrashPoint>,
    durable: Option<(u64, Db)>,
    locks: BTreeMap<RoomId, Arc<RowLock<()>>>,
    rng: Rng,
}

impl DiskState {
    /// A planted bug: what is committed is durable only a while later.
    fn promise(&mut self, now: u64) {
        if self.durable.as_ref().is_none_or(|(at, _)| at + 300 < now) {
            self.durable = Some((now, self.db.clone()));
        }
    }

    /// The process is gone, and with it what was only promised.
    pub(crate) fn lose_promises(&mut self, now: u64) {
        if let Some((_, db)) = self.durable.take().filter(|(at, _)| at + 300 >= now) {
            self.db = db;
        }
    }
}

impl<E: Send + 'static> Disk<E> {
    /// An empty database.
    #[must_use]
    pub(crate) fn new(kernel: Arc<Kernel<E>>, seed: u64) -> Arc<Self> {
        let state = DiskState {
            db: Db::new(0),
            faults: StoreFaults::default(),
            counts: StoreCounts::default(),
            crash: None,
            durable: None,
            locks: BTreeMap::new(),
            rng: Rng::stream(seed, 2),
        };
        Arc::new(Self { kernel, state: Mutex::new(state) })
    }

    /// What is on it.
    pub(crate) fn state(&self) -> MutexGuard<'_, DiskState> {
        self.state.lock().expect("one thread")
    }
}

/// The disk, as one process sees it.
pub(crate) struct ModelStore<E> {
    disk: Arc<Disk<E>>,
    group: Group,
}

impl<E: Send + 'static> ModelStore<E> {
    /// A process's store.
    #[must_use]
    pub(crate) fn new(disk: Arc<Disk<E>>, group: Group) -> Self {
        Self { disk, group }
    }

    async fn die(&self) {
        self.disk.kernel.kill(self.group);
        std::future::pending::<()>().await;
    }

    /// Locks the rows of the rooms that a batch is of, in their order; a transaction of another node may hold them, and
    /// whoever dies lets go.
    async fn lock_rooms(&self, changes: &[&Change]) -> Vec<OwnedMutexGuard<()>> {
        let locks: Vec<_> = {
            let mut disk = self.disk.state();
            let DiskState { db, locks, .. } = &mut *disk;
            let keys = Keys::of(changes.iter().copied());
            let of_messages = keys.messages.iter().filter_map(|(id, _)| db.messages.get(id));
            let mut rooms = keys.rooms.clone();
            rooms.extend(of_messages.map(|row| row.message.room_id.clone()));
            rooms.into_iter().map(|room| locks.entry(room).or_default().clone()).collect()
        };
        let mut held = Vec::with_capacity(locks.len());
        for lock in locks {
            held.push(lock.lock_owned().await);
        }
        held
    }

    /// Half of a read's time, or its failure.
    async fn travel(&self) -> Result<(), StoreError> {
        let ms = {
            let mut disk = self.disk.state();
            let DiskState { faults, counts, rng, .. } = &mut *disk;
            if rng.percent(faults.read) {
                counts.read += 1;
                return Err(away());
            }
            if rng.percent(faults.slow_read) {
                counts.slow_read += 1;
                rng.range(200, 900)
            } else {
                rng.below(3)
            }
        };
        if ms > 0 {
            self.disk.kernel.sleep(ms).await;
        }
        Ok(())
    }

    /// One snapshot, taken at some moment of the read.
    async fn snapshot<T>(&self, read: impl FnOnce(&Db) -> T + Send) -> Result<T, StoreError>
    where
        T: Send,
    {
        self.travel().await?;
        let value = read(&self.disk.state().db);
        self.travel().await?;
        Ok(value)
    }
}

fn away() -> StoreError {
    StoreError::Unavailable("the model took it away".to_owned())
}

enum Fate {
    Commit,
    Before,
    Unknown,
    Statement,
}

#[async_trait]
impl<E: Send + 'static> WriteStore for ModelStore<E> {
    async fn commit(&self, changes: &[&Change], now: Timestamp, limits: &Limits) -> Result<Outcomes, StoreError> {
        let (ms, fate) = {
            let mut disk = self.disk.state();
            let DiskState { faults, counts, rng, .. } = &mut *disk;
            counts.commits += 1;
            let ms = if rng.percent(faults.slow) {
                counts.slow += 1;
                rng.range(1_000, 3_000)
            } else {
                rng.range(1, 8)
            };
            let fate = if rng.percent(faults.before) {
                counts.before += 1;
                Fate::Before
            } else if rng.percent(faults.unknown) {
                counts.unknown += 1;
                Fate::Unknown
            } else if rng.percent(faults.statement) {
                counts.statement += 1;
                Fate::Statement
            } else {
                Fate::Commit
            };
            (ms, fate)
        };
        let locked = self.lock_rooms(changes).await;
        self.disk.kernel.sleep(ms).await;
        let crash = self.disk.state().crash;
        if crash == Some(CrashPoint::BeforeCommit) {
            self.disk.state().crash = None;
            self.disk.state().counts.killed_before_commit += 1;
            self.die().await;
        }
        let outcomes = match fate {
            Fate::Before => return Err(away()),
            Fate::Statement => return Err(StoreError::Statement("the model failed it".to_owned())),
            Fate::Commit | Fate::Unknown => {
                let mut disk = self.disk.state();
                if planted::has(Bug::PublishBeforeCommit) {
                    disk.promise(self.disk.kernel.now());
                }
                disk.db.commit(changes, now, limits)
            }
        };
        drop(locked);
        if crash == Some(CrashPoint::AfterCommit) {
            self.disk.state().crash = None;
            self.disk.state().counts.killed_after_commit += 1;
            self.die().await;
        }
        let ms = self.disk.state().rng.below(3);
        if ms > 0 {
            self.disk.kernel.sleep(ms).await;
        }
        if matches!(fate, Fate::Unknown) { Err(away()) } else { Ok(outcomes) }
    }

    async fn epoch(&self) -> Result<Epoch, StoreError> {
        Ok(self.disk.state().db.epoch.clone())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Db {
    /// Decides and keeps a batch.
    pub(crate) fn commit(&mut self, changes: &[&Change], now: Timestamp, limits: &Limits) -> Outcomes {
        let mut workspace = self.load(&Keys::of(changes.iter().copied()));
        let outcomes: Outcomes = changes.iter().map(|change| decide(&mut workspace, change, now, limits)).collect();
        for decision in outcomes.iter().flatten() {
            for news in &decision.news {
                self.note_stay(news);
                if let News::Room { event: Event::NewMessage(new), .. } = news {
                    self.note_birth(&new.message);
                }
                if let News::Room { room, rev: Some(rev), .. } = news
                    && self.revs.insert(room.clone(), *rev).unwrap_or_default().next() != *rev
                {
                    let what = format!("the change {rev} of {room} does not follow the one before");
                    self.faults.push(("dense", what));
                }
            }
        }
        self.save(workspace, changes);
        outcomes
    }
}
