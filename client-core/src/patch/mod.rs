//! What became different between two views: small, so that a shell hands over a message and not a room.
//!
//! Views share what did not change, so a difference is found by comparing pointers first: the cost is that of what
//! changed, not of what is shown. Every part of a view is named in a pattern here: a new one does not compile until
//! its patch carries it.

use std::sync::Arc;

use roomcast_protocol::json::ToJson;
use roomcast_protocol::{
    Limits, MessageId, RoomId, UserId,
    collections::{BTreeMap, BTreeSet},
    model::User,
};
use serde::Serialize;

use crate::{
    client::Client,
    effect::Key,
    view::{ClientView, ConnectionView, RoomList, RoomSummary, RoomView, ThreadView},
};

mod room;
#[cfg(test)]
pub(crate) mod tests;
mod thread;

pub use room::{ChangeEntry, Entries, RoomPatch, TimelinePatch, room};
pub use thread::{ThreadPatch, thread};

/// What became different in what a shell shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToJson)]
pub struct Patch {
    /// The client as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientPatch>,
    /// The rooms that the shell watches.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<RoomId, RoomPatch>,
    /// The threads that are looked at in them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub threads: BTreeMap<RoomId, BTreeMap<MessageId, ThreadPatch>>,
}

impl Patch {
    /// Whether nothing did.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.client.is_none() && self.rooms.is_empty() && self.threads.is_empty()
    }
}

/// What became different in the client as a whole; what stayed is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ClientPatch {
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionView>,
    /// Who the user is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<Arc<User>>,
    /// What is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Arc<Limits>>,
    /// What the server sheds or lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Arc<[String]>>,
    /// Whom the user has blocked: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Vec<UserId>>,
    /// Who is new or called otherwise. Nobody is forgotten, but by another user's whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Arc<User>>,
    /// The order of the list of rooms. Where it is told whole, everything of before is to be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Splice>,
    /// Lines of the list that are new or different.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub summaries: Vec<Arc<RoomSummary>>,
}

/// A stretch of a list in place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub struct Splice {
    /// Where it begins.
    pub at: usize,
    /// How many stood there; a list that is told whole replaces whatever there was.
    pub drop: usize,
    /// What stands there now.
    pub put: Vec<RoomId>,
}

/// More than any list has.
const WHOLE: usize = u32::MAX as usize;

/// The difference of two views of the client; `None` where there is none. For another user it is the whole.
#[must_use]
pub fn client(before: Option<&ClientView>, after: &ClientView) -> Option<ClientPatch> {
    let ClientView { connection, me, limits, degraded, blocked, people, rooms } = after;
    let same_user =
        |before: &&ClientView| before.me.as_ref().is_none_or(|was| me.as_ref().is_some_and(|is| is.id == was.id));
    let before = before.filter(same_user);
    let Some(before) = before else {
        return Some(ClientPatch {
            connection: Some(connection.clone()),
            me: me.clone(),
            limits: Some(Arc::clone(limits)),
            degraded: Some(Arc::clone(degraded)),
            blocked: Some(blocked.iter().cloned().collect()),
            people: people.iter().cloned().collect(),
            order: Some(Splice { at: 0, drop: WHOLE, put: rooms.iter().map(|summary| summary.id().clone()).collect() }),
            summaries: rooms.iter().cloned().collect(),
        });
    };
    let list = |rooms: &RoomList| rooms.iter().cloned().collect::<Vec<_>>();
    let (order, summaries) =
        if before.rooms == *rooms { (None, Vec::new()) } else { lines(&list(&before.rooms), &list(rooms)) };
    let patch = ClientPatch {
        connection: (*connection != before.connection).then(|| connection.clone()),
        me: me.clone().filter(|_| *me != before.me),
        limits: differs(&before.limits, limits).then(|| Arc::clone(limits)),
        degraded: (*degraded != before.degraded).then(|| Arc::clone(degraded)),
        blocked: differs(&before.blocked, blocked).then(|| blocked.iter().cloned().collect()),
        people: people.since(&before.people).cloned().collect(),
        order,
        summaries,
    };
    (patch != ClientPatch::default()).then_some(patch)
}

/// What stands between the first and the last difference in the order, and the lines that are different.
fn lines(before: &[Arc<RoomSummary>], after: &[Arc<RoomSummary>]) -> (Option<Splice>, Vec<Arc<RoomSummary>>) {
    let same = |(a, b): &(&Arc<RoomSummary>, &Arc<RoomSummary>)| a.id() == b.id();
    let at = before.iter().zip(after).take_while(same).count();
    let rest = (&before[at..], &after[at..]);
    let tail = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(same).count();
    let (drop, put) = (rest.0.len() - tail, &rest.1[..rest.1.len() - tail]);
    let moved = drop > 0 || !put.is_empty();
    let known: BTreeMap<_, _> = before[at..at + drop].iter().map(|summary| (summary.id(), summary)).collect();
    let in_place = before[..at]
        .iter()
        .zip(&after[..at])
        .chain(before[before.len() - tail..].iter().zip(&after[after.len() - tail..]));
    let lines = in_place.filter(|(a, b)| differs(a, b)).map(|(_, b)| b);
    let moved_lines = put.iter().filter(|summary| known.get(summary.id()).is_none_or(|a| differs(a, summary)));
    let summaries = lines.chain(moved_lines).cloned().collect();
    let splice = Splice { at, drop, put: put.iter().map(|summary| summary.id().clone()).collect() };
    (moved.then_some(splice), summaries)
}

/// Whether two are not the same, where the same is mostly shared.
fn differs<T: PartialEq + ?Sized>(a: &Arc<T>, b: &Arc<T>) -> bool {
    !Arc::ptr_eq(a, b) && a != b
}

/// Remembers what a shell shows, and says what became different since.
#[derive(Debug, Clone, Default)]
pub struct Patches {
    client: Option<Arc<ClientView>>,
    rooms: BTreeMap<RoomId, Watched>,
    client_changed: bool,
}

#[derive(Debug, Clone, Default)]
struct Watched {
    shown: Option<Arc<RoomView>>,
    /// What of it was shown where the user is not in the room.
    pending: Option<RoomPatch>,
    changed: bool,
    /// The threads that are looked at, as they were shown.
    threads: BTreeMap<MessageId, Arc<ThreadView>>,
    changed_threads: BTreeSet<MessageId>,
}

impl Patches {
    /// The shell shows a room from now on; the next patch holds it whole.
    pub fn watch(&mut self, room_id: RoomId) {
        self.rooms.insert(room_id, Watched { changed: true, ..Watched::default() });
    }

    /// The shell does not show the room any more.
    pub fn unwatch(&mut self, room_id: &RoomId) {
        self.rooms.remove(room_id);
    }

    /// Notes what [`Effect::Changed`](crate::Effect::Changed) says; tells whether the shell shows it.
    pub fn changed(&mut self, key: &Key) -> bool {
        match key {
            Key::Connection | Key::People | Key::Rooms => {
                self.client_changed = true;
                true
            }
            Key::Thread(room_id, thread_id) => self.rooms.get_mut(room_id).is_some_and(|watched| {
                watched.changed_threads.insert(thread_id.clone());
                true
            }),
            Key::Room(room_id) => self.rooms.get_mut(room_id).is_some_and(|watched| {
                watched.changed = true;
                true
            }),
        }
    }

    /// What became different since this was last asked.
    pub fn take(&mut self, core: &mut Client) -> Patch {
        let mut patch = Patch::default();
        if std::mem::take(&mut self.client_changed) || self.client.is_none() {
            let view = core.view();
            patch.client = client(self.client.as_deref(), &view);
            self.client = Some(view);
        }
        for (room_id, watched) in self.rooms.iter_mut() {
            if std::mem::take(&mut watched.changed)
                && let Some(difference) = watched.take(core, room_id)
            {
                patch.rooms.insert(room_id.clone(), difference);
            }
            let threads = watched.take_threads(core, room_id);
            if !threads.is_empty() {
                patch.threads.insert(room_id.clone(), threads);
            }
        }
        patch
    }
}

impl Watched {
    fn take(&mut self, core: &mut Client, room_id: &RoomId) -> Option<RoomPatch> {
        let Some(view) = core.room(room_id) else {
            self.shown = None;
            let absent = RoomPatch::absent(core.pending(room_id).into());
            return (self.pending.as_ref() != Some(&absent)).then(|| self.pending.insert(absent).clone());
        };
        self.pending = None;
        let difference = room(self.shown.as_deref(), &view);
        self.shown = Some(view);
        difference
    }

    fn take_threads(&mut self, core: &mut Client, room_id: &RoomId) -> BTreeMap<MessageId, ThreadPatch> {
        let mut patches = BTreeMap::new();
        for thread_id in std::mem::take(&mut self.changed_threads) {
            let difference = match core.thread(room_id, &thread_id) {
                Some(view) => {
                    let difference = thread(self.threads.get(&thread_id).map(Arc::as_ref), &view);
                    self.threads.insert(thread_id.clone(), view);
                    difference
                }
                None => self.threads.remove(&thread_id).map(|_| ThreadPatch::closed()),
            };
            patches.extend(difference.map(|patch| (thread_id, patch)));
        }
        patches
    }
}
