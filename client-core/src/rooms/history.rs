//! What is loaded of a room's history, and which part of it is looked at.
//!
//! The loaded messages are runs: two that are not adjacent never stand in one. A view shows one run, its *window*.
//! The live window is the run that ends at the newest message. A jump opens another one, which pages make longer,
//! and which is live again once it meets the live run. So a gap is where a window ends (`docs/adr/0006-timeline-windows.md`).
//!
//! A page was read at some moment between its question and its answer, and may be older than what took effect
//! meanwhile, or newer. So changes of messages are remembered while pages are on their way, and the newer state
//! stands, whichever came first.

use std::sync::Arc;

use roomcast_protocol::{MessageId, Rev, Seq, collections::BTreeMap, model::Message};

use super::{
    Timeline,
    chunks::{CHUNK, Chunks, Put},
    mine::{self, Mine},
    runs::{Run, Runs},
};

/// Most changes remembered for pages on their way; beyond, these pages are asked for again.
const LATE_MOST: usize = 1_000;

/// Which part of a room's history its view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    /// The run that ends at the newest message.
    Live,
    /// The run that this place is in; nothing while its page is on its way.
    Around(u64),
}

/// The loaded messages of a room.
#[derive(Debug, Clone)]
pub(crate) struct History {
    chunks: Chunks,
    runs: Runs,
    places: BTreeMap<MessageId, Seq>,
    /// The place of the newest message that took effect.
    head: u64,
    /// Places before the head of which no message has been told yet: their newest change is.
    untold: Runs,
    /// The server has nothing before this place.
    beginning: u64,
    window: Window,
    /// Counts the jumps: the answer to an earlier one moves nothing.
    jump: u64,
    /// Messages to keep without having been asked for.
    limit: usize,
    /// Messages of the live run to keep: more than the limit once the user has asked for more.
    keep: usize,
    late: Late,
}

/// The changes of messages that took effect while pages were on their way.
#[derive(Debug, Clone, Default)]
struct Late {
    pages: usize,
    changes: BTreeMap<Rev, Change>,
    /// Another one makes the pages void that were asked for before.
    life: u64,
}

/// What a change did to a message that may not be here yet.
#[derive(Debug, Clone)]
enum Change {
    /// It became this.
    Became(Arc<Message>, Mine),
    /// It has this reply.
    Answered(Arc<Message>),
}

impl Change {
    /// Makes it of the message that it is about; any other stays as it is.
    fn make(&self, message: &mut Arc<Message>) {
        match self {
            Self::Became(next, mine) if next.id == message.id && next.rev > message.rev => {
                let before = std::mem::replace(message, Arc::clone(next));
                if let Mine::Kept(by) = mine {
                    mine::carry(message, Some(&before), by.as_ref());
                }
            }
            Self::Answered(reply) if reply.thread_id.as_ref() == Some(&message.id) && reply.rev > message.rev => {
                Arc::make_mut(message).count_reply(reply);
            }
            Self::Became(..) | Self::Answered(_) => {}
        }
    }
}

impl History {
    /// Of a room whose newest message is at this place.
    pub(crate) fn new(head: Seq, limit: usize) -> Self {
        Self {
            chunks: Chunks::default(),
            runs: Runs::default(),
            places: BTreeMap::new(),
            head: head.value(),
            untold: Runs::default(),
            beginning: 1,
            window: Window::Live,
            jump: 0,
            limit,
            keep: limit,
            late: Late::default(),
        }
    }

    /// Begins anew, because what is loaded may have changed unheard. A place that was looked at still is.
    pub(crate) fn reset(&mut self, head: Seq) {
        let (window, jump) = (self.window, self.jump);
        let late = Late { pages: self.late.pages, changes: BTreeMap::new(), life: self.late.life + 1 };
        *self = Self { window, jump, late, ..Self::new(head, self.limit) };
    }

    pub(crate) const fn head(&self) -> Seq {
        Seq::new(self.head)
    }

    /// Where a message is, if it is loaded.
    pub(crate) fn place_of(&self, id: &MessageId) -> Option<Seq> {
        self.places.get(id).copied()
    }

    pub(crate) fn at(&self, seq: Seq) -> Option<&Arc<Message>> {
        self.chunks.at(seq.value())
    }

    /// The loaded messages between two places, both included, holes or not.
    pub(crate) fn range(&self, first: Seq, last: Seq) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.chunks.range(first.value(), last.value())
    }

    /// All loaded messages, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.chunks.range(0, u64::MAX).rev()
    }

    /// The messages after this place; `None` where some of them are not loaded.
    pub(crate) fn after(&self, seq: Seq) -> Option<impl Iterator<Item = &Arc<Message>>> {
        let covered = seq.value() >= self.head || self.live().is_some_and(|live| live.first <= seq.value() + 1);
        covered.then(|| self.chunks.range(seq.value().saturating_add(1), self.head.max(seq.value())))
    }

    /// Whether a message is told for the first time.
    pub(crate) fn is_untold(&self, seq: Seq) -> bool {
        seq.value() > self.head || self.untold.around(seq.value()).is_some()
    }

    /// Takes in a message that was posted.
    pub(crate) fn post(&mut self, message: Arc<Message>) -> Put {
        let seq = message.seq.value();
        if seq > self.head {
            self.untold.add(self.head + 1, seq - 1);
            self.head = seq;
        } else {
            self.untold.remove(seq, seq);
        }
        let put = self.put(message);
        self.settle();
        self.trim();
        put
    }

    /// Takes in what a loaded message has become. One that is not loaded is none of ours: it would stand alone. Of
    /// reactions, `mine` holds a change only where it is the user's own.
    pub(crate) fn edit(&mut self, message: Arc<Message>, mine: Mine) -> Put {
        self.remember(message.rev, || Change::Became(Arc::clone(&message), mine));
        if self.at(message.seq).is_none() {
            return Put::Stale;
        }
        self.put(message)
    }

    /// Counts a reply at the message that its thread hangs on.
    pub(crate) fn answered(&mut self, reply: &Arc<Message>) {
        let change = Change::Answered(Arc::clone(reply));
        let root = reply.thread_id.as_ref().and_then(|id| self.place_of(id)).and_then(|seq| self.at(seq)).cloned();
        if let Some(mut root) = root {
            change.make(&mut root);
            self.put(root);
        }
        self.remember(reply.rev, || change);
    }

    /// Keeps a change for the pages on their way.
    fn remember(&mut self, rev: Rev, change: impl FnOnce() -> Change) {
        if self.late.pages == 0 {
            return;
        }
        self.late.changes.insert(rev, change());
        if self.late.changes.len() > LATE_MOST {
            self.late.changes.clear();
            self.late.life += 1;
        }
    }

    /// Takes in messages that the server says are there, without a moment. What was posted after our `rev` comes with
    /// its own change. Gives them back as they are now known.
    pub(crate) fn load(&mut self, messages: Vec<Message>) -> Vec<Arc<Message>> {
        let mut loaded = Vec::with_capacity(messages.len());
        for message in messages {
            if self.is_untold(message.seq) {
                continue;
            }
            let message = self.latest(message);
            self.put(Arc::clone(&message));
            loaded.push(self.at(message.seq).cloned().unwrap_or(message));
        }
        self.settle();
        loaded
    }

    /// A message that a page brought, as it has become since the page was read, as far as that was told.
    pub(crate) fn latest(&self, message: Message) -> Arc<Message> {
        let mut latest = Arc::new(message);
        for change in self.late.changes.values() {
            change.make(&mut latest);
        }
        latest
    }

    /// How many pages are on their way: as long as any is, changes are remembered for it.
    pub(crate) fn expect(&mut self, pages: usize) {
        self.late.pages = pages;
        if pages == 0 {
            self.late.changes.clear();
        }
    }

    /// Which pages fit what is known: those that were asked for in this life.
    pub(crate) const fn life(&self) -> u64 {
        self.late.life
    }

    /// The run that is looked at.
    pub(crate) fn timeline(&self) -> Timeline {
        Timeline::of_run(&self.chunks, self.shown())
    }

    /// The newest message alone.
    pub(crate) fn last(&self) -> Timeline {
        let head = Run { first: self.head, last: self.head };
        Timeline::of_run(&self.chunks, self.live().map(|_| head))
    }

    /// Whether there is more before the window.
    pub(crate) fn has_older(&self) -> bool {
        self.shown().map_or(self.head >= self.beginning, |run| run.first > self.beginning)
    }

    /// Whether there is more after the window: it is not live then.
    pub(crate) fn has_newer(&self) -> bool {
        self.window != Window::Live
    }

    /// The place before which the window goes on; `None` where all that is there is newer or not known.
    pub(crate) fn oldest_shown(&self) -> Option<Seq> {
        match (self.shown(), self.window) {
            (Some(run), _) => Some(Seq::new(run.first)),
            (None, Window::Around(place)) => Some(Seq::new(place + 1)),
            (None, Window::Live) => None,
        }
    }

    /// The place after which the window goes on.
    pub(crate) fn newest_shown(&self) -> Seq {
        match (self.shown(), self.window) {
            (Some(run), _) => Seq::new(run.last),
            (None, Window::Around(place)) => Seq::new(place.saturating_sub(1)),
            (None, Window::Live) => self.head(),
        }
    }

    /// The server has nothing before this place.
    pub(crate) fn begins_at(&mut self, seq: Seq) {
        self.beginning = seq.value().max(1);
    }

    /// The user asks for so many messages at an end of the window: what they have is not trimmed under their eyes,
    /// until as many have come again as are kept unasked.
    pub(crate) fn widen(&mut self, by: usize) {
        let shown = self.shown().map_or(0, |run| usize::try_from(run.last - run.first + 1).unwrap_or(usize::MAX));
        self.keep = self.keep.max(shown.saturating_add(by).saturating_add(self.limit));
    }

    /// A jump begins. Gives back its number.
    pub(crate) const fn begin_jump(&mut self) -> u64 {
        self.jump += 1;
        self.jump
    }

    /// The number of the jump that counts.
    pub(crate) const fn jump(&self) -> u64 {
        self.jump
    }

    /// Looks at the run around a loaded place.
    pub(crate) fn look_at(&mut self, seq: Seq) {
        self.window = Window::Around(seq.value());
        self.settle();
        self.trim();
    }

    /// Looks at the newest messages, and gives back the room that older ones took.
    pub(crate) fn look_at_newest(&mut self) {
        self.window = Window::Live;
        self.keep = self.limit;
        self.trim();
    }

    /// The place that is looked at without being loaded.
    pub(crate) fn awaited(&self) -> Option<Seq> {
        match self.window {
            Window::Around(place) if self.shown().is_none() => Some(Seq::new(place)),
            _ => None,
        }
    }

    fn put(&mut self, message: Arc<Message>) -> Put {
        let (seq, id) = (message.seq, message.id.clone());
        let put = self.chunks.put(message);
        match &put {
            Put::New => self.runs.add(seq.value(), seq.value()),
            Put::Replaced(before) if before.id != id => drop(self.places.remove(&before.id)),
            Put::Replaced(_) | Put::Stale => return put,
        }
        self.places.insert(id, seq);
        put
    }

    fn live(&self) -> Option<Run> {
        self.runs.around(self.head)
    }

    fn shown(&self) -> Option<Run> {
        match self.window {
            Window::Live => self.live(),
            Window::Around(place) => self.runs.around(place),
        }
    }

    /// A window that meets the live run is live.
    fn settle(&mut self) {
        if self.window != Window::Live && self.shown().is_some_and(|run| run.last >= self.head) {
            self.window = Window::Live;
            self.widen(0);
        }
    }

    /// Drops what is neither looked at nor live, then the oldest chunks of the live run. A window that is not live
    /// is never touched.
    fn trim(&mut self) {
        let keep = if self.window == Window::Live { self.keep } else { self.limit };
        if self.chunks.len() <= keep {
            return;
        }
        let (live, shown) = (self.live(), self.shown());
        let unseen: Vec<Run> = self.runs.iter().filter(|run| Some(*run) != live && Some(*run) != shown).collect();
        for run in unseen {
            self.forget(run.first, run.last);
        }
        if let Some(Run { mut first, last }) = live {
            let keep = u64::try_from(keep).unwrap_or(u64::MAX);
            loop {
                let next = (first / CHUNK + 1) * CHUNK;
                if last < next.saturating_add(keep) {
                    break;
                }
                self.forget(first, next - 1);
                first = next;
            }
        }
    }

    fn forget(&mut self, first: u64, last: u64) {
        self.chunks.remove(first, last);
        // At once: one by one, each would move all that stay.
        self.places.retain(|_, seq| !(first..=last).contains(&seq.value()));
        self.runs.remove(first, last);
    }
}
