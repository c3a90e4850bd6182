//! What became different in one room.

use std::sync::Arc;

use roomcast_protocol::json::ToJson;
use roomcast_protocol::{
    MessageId, Seq, UserId,
    collections::BTreeMap,
    model::{Message, Role, Room, RoomUser, Typist},
};
use serde::Serialize;

use super::differs;
use crate::{
    rooms::{Chunk, Timeline, find},
    view::{PendingChange, PendingMessage, RoomView},
};

/// What became different in a room; what stayed is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct RoomPatch {
    /// Whether the user is in the room. On either, everything of before is to be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<bool>,
    /// The room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Arc<Room>>,
    /// The user's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The user's read cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<Seq>,
    /// Messages not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<u64>,
    /// Those of them that mention the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<u64>,
    /// The messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<TimelinePatch>,
    /// The user's changes that are not acknowledged: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<ChangeEntry>>,
    /// The user's messages that are not in the timeline: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Arc<[PendingMessage]>>,
    /// The members known by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Entries<Arc<RoomUser>>>,
    /// Members who are online.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<u64>,
    /// Who is typing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing: Option<Arc<[Typist]>>,
    /// How far the others have read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<Entries<(UserId, Seq)>>,
    /// Whether there is more before the timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_older: Option<bool>,
    /// Messages outside the window that were looked up, because one in it answers them: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Vec<Arc<Message>>>,
    /// Whether there is more after the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_newer: Option<bool>,
    /// Whether a page before the window is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loading_older: Option<bool>,
    /// Whether a page after the window is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loading_newer: Option<bool>,
    /// Whether the window is about to be another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loading_around: Option<bool>,
    /// Whether changes are known to be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catching_up: Option<bool>,
}

/// What became different in a timeline: it now goes from `start` to `end`, both included, and at each place stands
/// what is `put` there or else what stood there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub struct TimelinePatch {
    /// The first message's place; 0 of an empty timeline.
    pub start: Seq,
    /// The newest message's place; 0 of an empty timeline.
    pub end: Seq,
    /// Messages that are new or different.
    pub put: Vec<Arc<Message>>,
}

/// Entries of a map that are new or different, and the keys of those that are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub struct Entries<T> {
    /// New or different.
    pub put: Vec<T>,
    /// Gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<UserId>,
}

/// A change that is not acknowledged, with the message that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEntry {
    /// Which message.
    pub message_id: MessageId,
    /// The change's own id.
    pub client_id: roomcast_protocol::ClientId,
    /// The new text; none of a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How far it is.
    pub status: crate::view::SendStatus,
}

impl RoomPatch {
    /// The user is not in the room, but may have something to say to it.
    pub(super) fn absent(pending: Arc<[PendingMessage]>) -> Self {
        Self { member: Some(false), pending: Some(pending), ..Self::default() }
    }
}

/// The difference of two views of a room; `None` where there is none.
#[must_use]
pub fn room(before: Option<&RoomView>, after: &RoomView) -> Option<RoomPatch> {
    let RoomView {
        room,
        role,
        read_seq,
        unread,
        mentions,
        timeline,
        changes,
        pending,
        members,
        online,
        typing,
        receipts,
        quoted,
        has_older,
        has_newer,
        loading_older,
        loading_newer,
        loading_around,
        catching_up,
    } = after;
    let Some(before) = before else {
        return Some(RoomPatch {
            member: Some(true),
            room: Some(Arc::clone(room)),
            role: Some(*role),
            read_seq: Some(*read_seq),
            unread: Some(*unread),
            mentions: Some(*mentions),
            timeline: Some(timeline_patch(&Timeline::default(), timeline)),
            changes: Some(entries(changes)),
            pending: Some(Arc::clone(pending)),
            members: Some(Entries { put: members.values().cloned().collect(), gone: Vec::new() }),
            online: Some(*online),
            typing: Some(Arc::clone(typing)),
            receipts: Some(cursors(&BTreeMap::new(), receipts)),
            quoted: Some(quoted.values().cloned().collect()),
            has_older: Some(*has_older),
            has_newer: Some(*has_newer),
            loading_older: Some(*loading_older),
            loading_newer: Some(*loading_newer),
            loading_around: Some(*loading_around),
            catching_up: Some(*catching_up),
        });
    };
    let timeline = timeline_patch(&before.timeline, timeline);
    let moved = (timeline.start, timeline.end) != bounds(&before.timeline);
    let patch = RoomPatch {
        member: None,
        room: differs(&before.room, room).then(|| Arc::clone(room)),
        role: fresh(before.role, *role),
        read_seq: fresh(before.read_seq, *read_seq),
        unread: fresh(before.unread, *unread),
        mentions: fresh(before.mentions, *mentions),
        timeline: Some(timeline).filter(|patch| moved || !patch.put.is_empty()),
        changes: differs(&before.changes, changes).then(|| entries(changes)),
        pending: differs(&before.pending, pending).then(|| Arc::clone(pending)),
        members: differs(&before.members, members).then(|| people(&before.members, members)),
        online: fresh(before.online, *online),
        typing: differs(&before.typing, typing).then(|| Arc::clone(typing)),
        receipts: differs(&before.receipts, receipts).then(|| cursors(&before.receipts, receipts)),
        quoted: differs(&before.quoted, quoted).then(|| quoted.values().cloned().collect()),
        has_older: fresh(before.has_older, *has_older),
        has_newer: fresh(before.has_newer, *has_newer),
        loading_older: fresh(before.loading_older, *loading_older),
        loading_newer: fresh(before.loading_newer, *loading_newer),
        loading_around: fresh(before.loading_around, *loading_around),
        catching_up: fresh(before.catching_up, *catching_up),
    };
    (patch != RoomPatch::default()).then_some(patch)
}

pub(super) fn fresh<T: PartialEq>(before: T, after: T) -> Option<T> {
    (before != after).then_some(after)
}

pub(super) fn timeline_patch(before: &Timeline, after: &Timeline) -> TimelinePatch {
    let (start, end) = bounds(after);
    TimelinePatch { start, end, put: news(before, after).cloned().collect() }
}

/// The places of the first and the last message; 0 of an empty timeline.
pub(super) fn bounds(timeline: &Timeline) -> (Seq, Seq) {
    let place = |message: Option<&Arc<Message>>| message.map_or(Seq::new(0), |message| message.seq);
    (place(timeline.first()), place(timeline.last()))
}

/// What is to be shown now and was not, or otherwise. Chunks that both share are passed over, unless the timeline now
/// reaches further into one.
pub(super) fn news<'a>(before: &'a Timeline, after: &'a Timeline) -> impl Iterator<Item = &'a Arc<Message>> {
    let (start, end) = bounds(after);
    let (was_start, was_end) = bounds(before);
    let known: BTreeMap<u64, &Arc<Chunk>> = before.chunks().collect();
    let covered = move |message: &Message| was_start <= message.seq && message.seq <= was_end && was_end != Seq::new(0);
    after.chunks().flat_map(move |(number, chunk)| {
        let was = known.get(&number).copied();
        let shared = was.is_some_and(|was| Arc::ptr_eq(was, chunk));
        let ends = [chunk.first(), chunk.last()];
        let passed = shared && ends.into_iter().flatten().all(|message| covered(message));
        let looked_at = if passed { &[] } else { chunk.as_slice() };
        let news = looked_at.iter().enumerate().filter(move |(place, message)| {
            let shown = start <= message.seq && message.seq <= end;
            let same = || shared || was.is_some_and(|was| holds(was, *place, message));
            shown && !(covered(message) && same())
        });
        news.map(|(_, message)| message)
    })
}

/// Whether a chunk has just this message: nearly always where it stood before, and as the very same.
fn holds(chunk: &Chunk, place: usize, message: &Arc<Message>) -> bool {
    chunk.get(place).is_some_and(|was| Arc::ptr_eq(was, message))
        || find(chunk, message.seq.value()).is_ok_and(|place| chunk[place] == *message)
}

fn entries(changes: &BTreeMap<MessageId, PendingChange>) -> Vec<ChangeEntry> {
    let entry = |(id, change): (&MessageId, &PendingChange)| {
        let PendingChange { client_id, content, status } = change.clone();
        ChangeEntry { message_id: id.clone(), client_id, content, status }
    };
    changes.iter().map(entry).collect()
}

type Members = BTreeMap<UserId, Arc<RoomUser>>;

fn people(before: &Members, after: &Members) -> Entries<Arc<RoomUser>> {
    let news = after.iter().filter(|(id, user)| before.get(*id).is_none_or(|other| differs(other, user)));
    let gone = before.keys().filter(|id| !after.contains_key(*id));
    Entries { put: news.map(|(_, user)| Arc::clone(user)).collect(), gone: gone.cloned().collect() }
}

fn cursors(before: &BTreeMap<UserId, Seq>, after: &BTreeMap<UserId, Seq>) -> Entries<(UserId, Seq)> {
    let news = after.iter().filter(|(id, seq)| before.get(*id) != Some(seq));
    let gone = before.keys().filter(|id| !after.contains_key(*id));
    Entries { put: news.map(|(id, seq)| (id.clone(), *seq)).collect(), gone: gone.cloned().collect() }
}
