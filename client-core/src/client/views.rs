//! Snapshots, made when they are asked for and kept until what they show changes.

use std::{cmp::Reverse, sync::Arc};

use roomcast_protocol::{
    ClientId, RoomId, Timestamp,
    collections::{BTreeMap, BTreeSet},
    command::SendMessage,
    model::Message,
};

use super::{Client, Purpose};
use crate::{
    effect::Key,
    rooms::{Room, Timeline},
    view::{ClientView, PendingMessage, RoomSummary, RoomView, SendStatus},
};

/// The snapshots at hand.
#[derive(Debug, Clone, Default)]
pub(super) struct Views {
    client: Option<Arc<ClientView>>,
    summaries: BTreeMap<RoomId, Arc<RoomSummary>>,
    rooms: BTreeMap<RoomId, Arc<RoomView>>,
}

impl Views {
    pub(super) fn forget(&mut self, changed: &BTreeSet<Key>) {
        for key in changed {
            match key {
                Key::Connection | Key::People | Key::Rooms => self.client = None,
                Key::Room(room_id) => {
                    self.summaries.remove(room_id);
                    self.rooms.remove(room_id);
                }
            }
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
        for room in self.rooms.iter() {
            if !self.views.summaries.contains_key(room.id()) {
                let summary = Arc::new(self.summary(room));
                self.views.summaries.insert(room.id().clone(), summary);
            }
        }
        let known = |room: &Room| self.views.summaries.get(room.id()).cloned();
        let mut rooms: Vec<_> = self.rooms.iter().filter_map(known).collect();
        let newest = |summary: &Arc<RoomSummary>| summary.last_message.as_ref().map(|message| message.created_at);
        rooms.sort_by_key(|summary| Reverse(newest(summary)));
        let view = Arc::new(ClientView {
            connection: self.shown.clone(),
            me: self.me.clone(),
            limits: Arc::clone(&self.limits),
            degraded: Arc::clone(&self.degraded),
            people: self.people.clone(),
            rooms: rooms.into(),
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
            last_message: self.shown(room).last().cloned(),
            online: room.members.online(),
            typing: self.typing.in_room(room.id()),
        }
    }

    /// The timeline as it will be once the user's changes are taken. Copies a chunk for each, and nothing without.
    fn shown(&self, room: &Room) -> Timeline {
        let mut timeline = room.timeline.clone();
        if let Some(me) = &self.me {
            for held in room.held_edits_of(&me.id) {
                timeline.show(held.seq, |message| {
                    if message.rev < held.rev {
                        message.clone_from(held);
                    }
                });
            }
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
        timeline
    }

    fn room_view(&self, room: &Room) -> RoomView {
        let older = |purpose: &Purpose| matches!(purpose, Purpose::Older(_, id) if id == room.id());
        RoomView {
            room: Arc::clone(&room.info),
            role: room.role,
            read_seq: room.unread.read_seq,
            unread: room.unread.count,
            mentions: room.unread.mentions,
            timeline: self.shown(room),
            changes: Arc::new(self.outbox.changes(room.id()).map(|(id, change)| (id.clone(), change)).collect()),
            pending: self.pending(room.id()).into(),
            members: Arc::clone(room.members.by_id()),
            online: room.members.online(),
            typing: self.typing.in_room(room.id()),
            receipts: Arc::clone(room.receipts.by_user()),
            has_older: room.has_older,
            loading_older: self.requests.iter().any(|request| older(&request.purpose)),
            catching_up: self.gaps.contains(room.id()),
        }
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
