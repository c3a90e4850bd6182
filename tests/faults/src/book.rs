//! What was said, what came of it and who heard it: all that the checker goes by.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use roomcast_protocol::{ClientId, ErrorBody, Rev, RoomId, Seq};

use crate::{fault::Fault, figures::Figures};

/// What was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// Nothing, and for a while.
    Calm,
    /// Something was, a moment ago.
    Mended,
    /// The link of the client.
    Street,
    /// The house.
    House(Fault),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House(fault) => write!(f, "{fault:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// How a send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not known.
    Open,
    /// The server has it, at this place.
    Acked(Seq),
    /// The server, or the client for it, said no for good.
    Refused(ErrorBody),
    /// The program ended before it was known.
    Lost,
}

/// A message that was posted.
#[derive(Debug, Clone)]
pub struct Send {
    /// By which device.
    pub device: usize,
    /// Its place in the order of all that this device posted.
    pub order: u64,
    /// Where.
    pub room: RoomId,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub posted: Instant,
    /// What was broken then.
    pub label: Label,
    /// The node that its device was connected to, if any.
    pub from: Option<usize>,
    /// Whether its device has come by another connection before the end was known.
    pub moved: bool,
}

/// Changes of a message that were acknowledged.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The texts that it was to have, in order, and by which device.
    pub edits: Vec<(usize, String)>,
    /// Those of them that were acknowledged.
    pub edited: BTreeSet<String>,
    /// Whether a deletion was tried.
    pub to_be_deleted: bool,
    /// Whether one was acknowledged.
    pub deleted: bool,
}

/// A message that a device was told of as new.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Which device.
    pub device: usize,
    /// Where.
    pub room: RoomId,
    /// As of which change.
    pub rev: Rev,
    /// When, in microseconds since 1970.
    pub at_us: u64,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: &'static str,
    /// How.
    pub what: String,
    /// When, in milliseconds since the start.
    pub at_ms: u128,
    /// What was broken then.
    pub label: Label,
}

/// Everything.
#[derive(Debug)]
pub struct Pages {
    /// Sends, by their id, which is also the first word of their text.
    pub sends: BTreeMap<ClientId, Send>,
    /// Changes by the same.
    pub changes: BTreeMap<ClientId, Changes>,
    /// What was told.
    pub heard: Vec<Heard>,
    /// What broke, so far.
    pub violations: Vec<Violation>,
    /// Counts and times.
    pub figures: Figures,
    /// What is broken now, or nothing.
    pub label: Label,
    /// What was broken and mended, and when, in milliseconds since the start.
    pub diary: Vec<(u128, String)>,
}

/// The book, shared by all who write into it.
#[derive(Debug)]
pub struct Book {
    pages: Mutex<Pages>,
    began: Instant,
}

impl Default for Book {
    fn default() -> Self {
        let pages = Pages {
            sends: BTreeMap::new(),
            changes: BTreeMap::new(),
            heard: Vec::new(),
            violations: Vec::new(),
            figures: Figures::default(),
            label: Label::Calm,
            diary: Vec::new(),
        };
        Self { pages: Mutex::new(pages), began: Instant::now() }
    }
}

impl Book {
    /// Its pages.
    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a promise was broken.
    pub fn violate(&self, rule: &'static str, what: String) {
        let at_ms = self.began.elapsed().as_millis();
        let mut pages = self.open();
        let label = pages.label;
        pages.violations.push(Violation { rule, what, at_ms, label });
    }

    /// Notes what happens to the house.
    pub fn diary(&self, label: Option<Label>, what: String) {
        let at_ms = self.began.elapsed().as_millis();
        println!("{:>8.1} s  {what}", at_ms as f64 / 1_000.0);
        let mut pages = self.open();
        if let Some(label) = label {
            pages.label = label;
        }
        pages.diary.push((at_ms, what));
    }
}

/// Microseconds since 1970, as the database on this machine counts them.
#[must_use]
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
