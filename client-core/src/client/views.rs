//! Snapshots, made when they are asked for and kept until what they show changes.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, MessageId, RoomId, Timestamp,
    collections::{BTreeMap, BTreeSet},
    command::SendMessage,
    model::Message,
};

use super::{Client, pages::Aim};
use crate::{
    effect::Key,
    rooms::{Room, Timeline, mine},
    view::{ClientView, PendingMessage, RoomList, RoomSummary, RoomView, SendStatus, ThreadView},
};

/// The snapshots at hand.
#[derive(Debug, Clone, Default)]
pub(super) struct Views {
    client: Option<Arc<ClientView>>,
    /// The rooms in their order, and each one's line by its id; those of `stale` rooms are of before.
    list: RoomList,
    lines: BTreeMap<RoomId, Arc<RoomSummary>>,
    stale: BTreeSet<RoomId>,
    rooms: BTreeMap<RoomId, Arc<RoomView>>,
    threads: BTreeMap<RoomId, BTreeMap<MessageId, Arc<ThreadView>>>,
}

impl Views {
    pub(super) fn forget(&mut self, changed: &BTreeSet<Key>) {
        for key in changed {
            match key {
                Key::Connection | Key::People | Key::Rooms => self.client = None,
                Key::Room(room_id) => {
                    self.stale.insert(room_id.clone());
                    self.rooms.remove(room_id);
                }
                Key::Thread(room_id, thread_id) => {
                    let threads = self.threads.get_mut(room_id);
                    if threads.is_some_and(|threads| threads.remove(thread_id).is_some() && threads.is_empty()) {
                        self.threads.remove(room_id);
                    }
                }
            }
        }
    }

    /// Puts a room's line where it belongs now. One that says the same stays.
    fn list(&mut self, room_id: RoomId, line: Option<RoomSummary>) {
        let before = self.lines.get(&room_id);
        if before.map(AsRef::as_ref) == line.as_ref() {
            return;
        }
        if let Some(before) = self.lines.remove(&room_id) {
            self.list.remove(&before);
        }
        if let Some(line) = line.map(Arc::new) {
            self.list.insert(Arc::clone(&line));
            self.lines.insert(room_id, line);
        }
    }
}

impl Client {
    /// The client as it now is. The same `Arc` until [`Key::Connection`], [`Key::People`] or
    /// [`Key::Rooms`] changes.
    pub fn view(&mut self) -> Arc<ClientView> {
        if let Some(view) = &self.views.client {
            return Arc::clone(view);
        }
        for room_id in std::mem::take(&mut self.views.stale) {
            let line = self.rooms.get(&room_id).map(|room| self.summary(room));
            self.views.list(room_id, line);
        }
        let view = Arc::new(ClientView {
            connection: self.shown.clone(),
            me: self.me.clone(),
            limits: Arc::clone(&self.limits),
            degraded: Arc::clone(&self.degraded),
            blocked: Arc::clone(&self.blocked),
            people: self.people.clone(),
            rooms: self.views.list.clone(),
        });
        self.views.client = Some(Arc::clone(&view));
        view
    }

    /// A room as it now is; `None` where the user is not in it. The same `Arc` until its [`Key::Room`] changes.
    pub fn room(&mut self, room_id: &RoomId) -> Option<Arc<RoomView>> {
        if let Some(view) = self.views.rooms.get(room_id) {
            return Some(Arc::clone(view));
        }
        let view = Arc::new(self.room_view(self.rooms.get(room_id)?));
        self.views.rooms.insert(room_id.clone(), Arc::clone(&view));
        Some(view)
    }

    /// A thread as it now is; `None` where nobody looks at it. The same `Arc` until its [`Key::Thread`] changes.
    pub fn thread(&mut self, room_id: &RoomId, thread_id: &MessageId) -> Option<Arc<ThreadView>> {
        if let Some(view) = self.views.threads.get(room_id).and_then(|threads| threads.get(thread_id)) {
            return Some(Arc::clone(view));
        }
        let view = Arc::new(self.thread_view(self.rooms.get(room_id)?, thread_id)?);
        self.views.threads.entry(room_id.clone()).or_default().insert(thread_id.clone(), Arc::clone(&view));
        Some(view)
    }

    /// A room's change is one of its threads, where that looks different.
    pub(super) fn note_threads(&mut self) {
        let mut changed = Vec::new();
        for room_id in self.effects.changed_rooms() {
            let (room, shown) = (self.rooms.get(room_id), self.views.threads.get(room_id));
            let open = room.into_iter().flat_map(Room::threads);
            let threads: BTreeSet<_> = open.chain(shown.into_iter().flat_map(BTreeMap::keys)).collect();
            for thread_id in threads {
                let before = shown.and_then(|shown| shown.get(thread_id));
                let now = room.and_then(|room| self.thread_view(room, thread_id));
                if before.is_none() || before.map(AsRef::as_ref) != now.as_ref() {
                    changed.push(Key::Thread(room_id.clone(), thread_id.clone()));
                }
            }
        }
        changed.into_iter().for_each(|key| self.effects.changed(key));
    }

    /// The user's messages to a room that are not in its timeline, also of a room that the user has left.
    #[must_use]
    pub fn pending(&self, room_id: &RoomId) -> Vec<PendingMessage> {
        let held = self.own_held(room_id);
        held.iter().filter_map(|message| delivered(message)).chain(self.outbox.in_room(room_id)).collect()
    }

    fn summary(&self, room: &Room) -> RoomSummary {
        RoomSummary {
            room: Arc::clone(&room.info),
            unread: room.unread.count,
            mentions: room.unread.mentions,
            last_message: self.shown(room, room.history.last()).last().cloned(),
            online: room.members.online(),
            typing: self.typing.in_room(room.id()),
        }
    }

    /// A timeline as it will be once the user's changes are taken. Copies a chunk for each, and nothing without.
    fn shown(&self, room: &Room, mut timeline: Timeline) -> Timeline {
        for held in room.told_ahead() {
            timeline.show(held.seq, |message| {
                if message.rev < held.rev {
                    message.clone_from(held);
                }
            });
        }
        let now = Timestamp::new(self.clock.now().wall_ms);
        for (id, change) in self.outbox.changes(room.id()) {
            let Some(seq) = room.place_of(id) else { continue };
            timeline.show(seq, |message| match &change.content {
                _ if message.deleted_at.is_some() => {}
                Some(content) => message.content.clone_from(content),
                None => {
                    message.content.clear();
                    message.deleted_at = Some(now);
                }
            });
        }
        for (id, emoji, adds) in self.outbox.reactions(room.id()) {
            if let Some(seq) = room.place_of(id) {
                timeline.show(seq, |message| mine::show(message, emoji, adds));
            }
        }
        timeline
    }

    fn room_view(&self, room: &Room) -> RoomView {
        let id = room.id();
        RoomView {
            room: Arc::clone(&room.info),
            role: room.role,
            read_seq: room.unread.read_seq,
            unread: room.unread.count,
            mentions: room.unread.mentions,
            timeline: self.shown(room, room.history.timeline()),
            quoted: Arc::clone(room.quoted().by_id()),
            changes: Arc::new(self.outbox.changes(id).map(|(id, change)| (id.clone(), change)).collect()),
            pending: self.pending(id).into(),
            members: Arc::clone(room.members.by_id()),
            online: room.members.online(),
            typing: self.typing.in_room(id),
            receipts: Arc::clone(room.receipts.by_user()),
            has_older: room.history.has_older(),
            has_newer: room.history.has_newer(),
            loading_older: self.is_loading(id, |aim| *aim == Aim::Older),
            loading_newer: self.is_loading(id, |aim| *aim == Aim::Newer),
            loading_around: self
                .is_loading(id, |aim| matches!(aim, Aim::Around(_, jump) if *jump == room.history.jump())),
            catching_up: self.gaps.contains(id),
        }
    }

    fn thread_view(&self, room: &Room, thread_id: &MessageId) -> Option<ThreadView> {
        let thread = room.thread(thread_id)?;
        let mut pending = self.pending(room.id());
        pending.retain(|message| message.send.thread_id.as_ref() == Some(thread_id));
        Some(ThreadView {
            room_id: room.id().clone(),
            thread_id: thread_id.clone(),
            first: thread.first.clone(),
            timeline: self.shown(room, thread.timeline()),
            pending: pending.into(),
            has_older: thread.has_older(),
            loading_older: self.is_loading(room.id(), |aim| matches!(aim, Aim::Thread(id) if id == thread_id)),
        })
    }
}

/// An acknowledged message that waits for a change before it stays in sight meanwhile.
fn delivered(message: &Message) -> Option<PendingMessage> {
    let client_id: ClientId = message.client_id.clone()?;
    let send = SendMessage {
        room_id: message.room_id.clone(),
        content: message.content.clone(),
        kind: message.kind.clone(),
        client_id: Some(client_id.clone()),
        after: None,
        reply_to: message.reply_to.clone(),
        thread_id: message.thread_id.clone(),
        mentions: message.mentions.clone(),
        attachments: message.attachments.clone(),
        metadata: message.metadata.clone(),
    };
    let created_ms = message.created_at.value();
    Some(PendingMessage { client_id, send: Arc::new(send), created_ms, status: SendStatus::Delivered })
}
