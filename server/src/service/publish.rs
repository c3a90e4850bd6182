//! News of what became durable, to those who are here: in commit order, by one task.

use std::collections::BTreeSet;

use roomcast_protocol::{
    Event, Rev, RoomId, UserId,
    event::{
        AddedToRoom, MemberUpdated, PresenceChanged, RemovalReason, RemovedFromRoom, RoomDeleted, UserOffline,
        UserOnline,
    },
    model::{Role, Status},
};

use super::{Inner, arriving::Arriving};
use crate::{
    domain::{Audience, ConnId, News},
    hub::{Look, Membership, Packet},
    planted::{self, Bug},
    store::{Observer, StoreError},
};

impl Observer for Inner {
    fn wrote(&self, changes: usize, ms: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a histogram's buckets are coarser than the loss")]
        let (changes, seconds) = (changes as f64, ms as f64 / 1_000.0);
        self.metrics.batch_changes.observe(changes);
        self.metrics.batch_seconds.observe(seconds);
    }

    fn failed(&self, error: &StoreError) {
        tracing::error!(%error, "a transaction failed");
        self.metrics.batch_failures.inc();
    }
}

impl Inner {
    pub(super) fn publish(&self, arriving: &mut Arriving, author: Option<ConnId>, news: News) {
        match news {
            News::Room { room, audience, rev, event, skip_author } => {
                self.note(&room, rev, &event);
                if let Event::MemberUpdated(updated) = &event {
                    self.note_standing(updated);
                }
                let except = author.filter(|_| skip_author);
                let packet = Packet::from(&event);
                let place = rev.map(|rev| (room.clone(), rev));
                match audience {
                    Audience::Room => {
                        self.hold_for_members(arriving, &room, except, place, &packet);
                        self.transport.broadcast(std::slice::from_ref(&room), except, &packet);
                    }
                    Audience::User(user) => {
                        for conn in self.conns_of(&user).into_iter().filter(|conn| Some(*conn) != except) {
                            self.emit(arriving, conn, &packet);
                        }
                    }
                }
            }
            News::Entered { room, user, role, rev, member_count } => {
                let membership = Membership { rev, role, active: true };
                let conns = self.admit(arriving, &user, &room, membership, rev, member_count);
                self.recount(&room, member_count);
                self.roster().enter(&user, &room, role, rev);
                self.introduce(&user, &room, author);
                let conns = conns.unwrap_or_default();
                let others: Vec<ConnId> = conns.into_iter().filter(|conn| Some(*conn) != author).collect();
                self.welcome(user, room, others);
            }
            News::Deleted { room, rev } => self.close_room(arriving, &room, rev, author),
            News::Removed { room, user, reason, rev, member_count } => {
                self.roster().note_gone(&user, &room, rev);
                self.part(arriving, &room, &user, reason, rev, author);
                self.recount(&room, member_count);
            }
        }
    }

    /// What is known already, or part of what was read: only memberships are applied, to those whose are older.
    pub(super) fn restate(&self, arriving: &mut Arriving, news: News) {
        match news {
            News::Room { .. } => {}
            News::Entered { room, user, role, rev, member_count } => {
                let membership = Membership { rev, role, active: true };
                if let Some(conns) = self.admit(arriving, &user, &room, membership, rev, member_count) {
                    self.welcome(user, room, conns.into_iter().collect());
                }
            }
            News::Deleted { room, rev } => self.close_room(arriving, &room, rev, None),
            News::Removed { room, user, reason, rev, .. } => self.part(arriving, &room, &user, reason, rev, None),
        }
    }

    /// Holds a room's event for those of its members who are still arriving.
    pub(super) fn hold_for_members(
        &self,
        arriving: &mut Arriving,
        room: &RoomId,
        except: Option<ConnId>,
        place: Option<(RoomId, Rev)>,
        packet: &Packet,
    ) {
        for conn in arriving.connections() {
            let inside = {
                let roster = self.roster();
                roster.conns.get(&conn).is_some_and(|user| roster.is_member(user, room))
            };
            if inside && Some(conn) != except {
                arriving.hold(conn, place.clone(), packet);
            }
        }
    }

    pub(super) fn emit(&self, arriving: &mut Arriving, conn: ConnId, packet: &Packet) {
        if !arriving.hold(conn, None, packet) {
            self.transport.emit(conn, packet);
        }
    }

    /// Subscribes a new member's connections, under the lock that a removal would take; gives them. `None` where it is
    /// no news. Those that are arriving are subscribed to all their rooms when they are let go.
    pub(super) fn admit(
        &self,
        arriving: &Arriving,
        user: &UserId,
        room: &RoomId,
        membership: Membership,
        head: Rev,
        member_count: u64,
    ) -> Option<BTreeSet<ConnId>> {
        let mut roster = self.roster();
        if !roster.note_membership(user, room, membership, head, member_count) {
            return None;
        }
        // A digest names it: whoever could not be told learns of the room by that (G-8).
        roster.changes += 1;
        let changes = roster.changes;
        if let Some(local) = roster.rooms.get_mut(room) {
            local.changed = changes;
        }
        let conns = roster.users.get(user).map(|local| local.conns.clone()).unwrap_or_default();
        for conn in conns.iter().filter(|conn| !arriving.contains(**conn)) {
            self.transport.subscribe(*conn, room);
        }
        Some(conns)
    }

    /// Tells a room whether its new member is here: until now it had no part in their presence, and what its members
    /// knew of them may be of a room that they shared before (G-13).
    pub(super) fn introduce(&self, user: &UserId, room: &RoomId, author: Option<ConnId>) {
        let (status, text, named, own) = {
            let roster = self.roster();
            let local = roster.users.get(user);
            let Look { status, text } = roster.look(user);
            // Who is still coming in is announced when they are.
            if status == Status::Offline && local.is_some_and(|local| !local.announced) {
                return;
            }
            let own = author.filter(|conn| local.is_some_and(|local| local.conns.contains(conn)));
            let most = self.settings.limits.presence_members;
            let named = roster.rooms.get(room).is_some_and(|local| local.member_count <= most);
            (status, text, named, own)
        };
        let event = match status {
            _ if !named || planted::has(Bug::NotIntroduced) => return,
            Status::Unknown => return,
            Status::Offline => Event::UserOffline(Box::new(UserOffline { user_id: user.clone(), last_seen_at: None })),
            Status::Online => Event::UserOnline(Box::new(UserOnline { user_id: user.clone() })),
            status => Event::PresenceChanged(Box::new(PresenceChanged { user_id: user.clone(), status, text })),
        };
        self.broadcast(room, own, &event);
    }

    /// Keeps the tail and the digest's mark.
    fn note(&self, room: &RoomId, rev: Option<Rev>, event: &Event) {
        let mut roster = self.roster();
        roster.changes += 1;
        let changes = roster.changes;
        let Some(local) = roster.rooms.get_mut(room) else { return };
        self.metrics.deliveries.inc_by(local.users.len() as u64);
        match (rev, event) {
            (Some(rev), event) => {
                local.tail.push(rev, event);
                local.changed = changes;
            }
            (None, Event::MessagesRead(read)) if local.member_count <= self.settings.limits.receipts_members => {
                local.tail.push_cursor(read.user_id.clone(), read.read_seq);
            }
            (None, _) => {}
        }
    }

    fn note_standing(&self, updated: &MemberUpdated) {
        let MemberUpdated { room_id, member, rev } = updated;
        let membership = Membership { rev: *rev, role: member.role, active: true };
        {
            let mut roster = self.roster();
            if roster.is_member(&member.user_id, room_id) {
                let count = roster.rooms.get(room_id).map_or(0, |local| local.member_count);
                roster.note_membership(&member.user_id, room_id, membership, *rev, count);
                return;
            }
        }
        // They are in it, and their devices here have yet to be told of it: noted now, that would be no news any more.
        self.hear_member(member.user_id.clone(), room_id, Some(*rev));
    }

    fn recount(&self, room: &RoomId, member_count: u64) {
        if let Some(local) = self.roster().rooms.get_mut(room) {
            local.recount(member_count, self.settings.limits.receipts_members);
        }
    }

    /// Tells a user's devices that they are in a room, with the room as they enter it.
    pub(super) fn welcome(&self, user: UserId, room: RoomId, conns: Vec<ConnId>) {
        if conns.is_empty() {
            return;
        }
        let Some(inner) = self.this.upgrade() else { return };
        self.env.spawn(Box::pin(async move {
            match inner.entering(&user, std::slice::from_ref(&room)).await {
                Ok(mut entering) => {
                    if let Some(entering) = entering.pop() {
                        let arriving = inner.arriving();
                        let room = {
                            let roster = inner.roster();
                            // Out again since the reading: they were told, and this would bring the room back.
                            if !roster.is_member(&user, &room) {
                                return;
                            }
                            entering.state(&roster)
                        };
                        let packet = Packet::from(&Event::AddedToRoom(Box::new(AddedToRoom { room })));
                        // Who is arriving is told behind their initial state, of the room as it is by then.
                        for conn in conns.into_iter().filter(|conn| !arriving.contains(*conn)) {
                            inner.transport.emit(conn, &packet);
                        }
                    }
                }
                // The client learns of the room with its next digest or resume.
                Err(error) => tracing::warn!(%error, "unable to read a room for its new member"),
            }
        }));
    }

    /// Ends a membership here; gives the user's connections, which hear nothing of the room from now on. `None` where
    /// something newer is known.
    fn detach(&self, room: &RoomId, user: &UserId, rev: Rev) -> Option<BTreeSet<ConnId>> {
        let mut roster = self.roster();
        let known = roster.users.get(user).and_then(|local| local.rooms.get(room));
        let role = known.map_or(Role::Member, |membership| membership.role);
        if !roster.note_membership(user, room, Membership { rev, role, active: false }, rev, 0) {
            return None;
        }
        let conns = roster.users.get(user).map(|local| local.conns.clone()).unwrap_or_default();
        for conn in conns.iter().filter(|_| !planted::has(Bug::StillSubscribed)) {
            self.transport.unsubscribe(*conn, room);
        }
        Some(conns)
    }

    /// Tells a room that it is no more, and puts everybody out of it.
    fn close_room(&self, arriving: &mut Arriving, room: &RoomId, rev: Rev, author: Option<ConnId>) {
        let packet = Packet::from(&Event::RoomDeleted(Box::new(RoomDeleted { room_id: room.clone(), rev })));
        self.hold_for_members(arriving, room, author, Some((room.clone(), rev)), &packet);
        self.transport.broadcast(std::slice::from_ref(room), author, &packet);
        // Everybody, also those whose memberships are being read just now: an older reading must not bring it back.
        let here: Vec<UserId> = self.roster().users.keys().cloned().collect();
        for user in here {
            self.detach(room, &user, rev);
        }
    }

    pub(super) fn part(
        &self,
        arriving: &mut Arriving,
        room: &RoomId,
        user: &UserId,
        reason: RemovalReason,
        rev: Rev,
        author: Option<ConnId>,
    ) {
        let Some(conns) = self.detach(room, user, rev) else { return };
        let event = Event::RemovedFromRoom(Box::new(RemovedFromRoom { room_id: room.clone(), reason }));
        let packet = Packet::from(&event);
        for conn in conns.into_iter().filter(|conn| reason != RemovalReason::Left || Some(*conn) != author) {
            self.emit(arriving, conn, &packet);
        }
    }
}
