//! Mending a hole in a room's news (G-7): what does not come by itself is read from the database once, for all who are
//! here, and they are told how far the room is. They ask for what they lack, and the tail answers.

use std::collections::BTreeMap;

use roomcast_protocol::{
    Event, Rev, RoomId, UserId,
    event::{Heads, MessagesRead, RemovalReason},
    model::{Member, Receipt},
};

use super::{Inner, arriving::Arriving};
use crate::{
    domain::{Audience, News},
    hub::{Hole, Membership, Packet, Tail},
    planted::{self, Bug},
    store::{DeltaRows, StoreError},
};

/// Most rows that a hole is filled with; beyond, the tail begins anew.
const FILL_ROWS: u64 = 1_000;

/// How many rooms are read at a time.
pub(super) const FILLS: usize = 8;

/// How long to wait for the database to answer again, at first and at most.
const RETRY_MS: std::ops::RangeInclusive<u64> = 100..=3_200;

impl Inner {
    /// Hears how far rooms are, from the database or another node: where this node is behind, what it lacks may be on
    /// its way, and is read where it does not come.
    pub(super) fn hear_heads<'a>(&self, heads: impl IntoIterator<Item = (&'a RoomId, Rev)>) {
        let now = self.env.mono_ms();
        for (room, rev) in heads {
            if let Some(local) = self.roster().rooms.get_mut(room) {
                local.sequencer.hear(local.tail.head(), now, rev);
            }
            self.mind(room);
        }
    }

    /// Has a hole minded, where there is one and nobody does.
    pub(super) fn mind(&self, room: &RoomId) {
        let needs = {
            let mut roster = self.roster();
            let Some(local) = roster.rooms.get_mut(room) else { return };
            local.sequencer.needs_minding(local.tail.head())
        };
        let Some(inner) = self.this.upgrade().filter(|_| needs) else { return };
        let room = room.clone();
        self.env.spawn(Box::pin(async move { inner.mend(&room).await }));
    }

    async fn mend(&self, room: &RoomId) {
        let mut retry_ms = *RETRY_MS.start();
        let mut waited = false;
        loop {
            let (hole, known) = {
                let (now, deaf) = (self.env.mono_ms(), self.watch().is_deaf());
                let mut roster = self.roster();
                let Some(local) = roster.rooms.get_mut(room) else { return };
                let head = local.tail.head();
                let hole = match local.sequencer.hole(head, now) {
                    // Nothing comes that could close it, and what this node's own people said behind it waits (G-6).
                    Hole::Waits(_) if deaf => Hole::Fill(head),
                    hole => hole,
                };
                (hole, local.sequencer.known())
            };
            match hole {
                Hole::None => return,
                Hole::Waits(ms) => {
                    if !std::mem::replace(&mut waited, true) {
                        self.metrics.nodes.hole_waits.inc();
                    }
                    self.env.sleep_ms(ms).await;
                }
                Hole::Fill(_) if planted::has(Bug::HoleNotFilled) => return,
                Hole::Fill(since) => match self.fill(room, since, known).await {
                    Ok(()) => retry_ms = *RETRY_MS.start(),
                    Err(error) => {
                        tracing::warn!(%error, "unable to read what a room lacks; trying again");
                        if let Some(local) = self.roster().rooms.get_mut(room) {
                            local.sequencer.doubt_cursors(since);
                        }
                        self.env.sleep_ms(retry_ms).await;
                        retry_ms = (2 * retry_ms).min(*RETRY_MS.end());
                    }
                },
            }
        }
    }

    async fn fill(&self, room: &RoomId, since: Rev, known: Rev) -> Result<(), StoreError> {
        let rows = {
            let _one_of_few = self.fills.acquire().await;
            self.store.delta(room, since, FILL_ROWS).await?
        };
        self.metrics.nodes.fills.inc();
        let overflow = rows.overflow;
        self.catch_up(room, since, known, rows);
        if overflow {
            // Not all memberships were among the rows.
            let here: Vec<UserId> =
                self.roster().rooms.get(room).map(|local| local.users.iter().cloned().collect()).unwrap_or_default();
            here.into_iter().for_each(|user| self.look_after(user));
        }
        Ok(())
    }

    /// Moves a room to where the database is, by what it says of everything after `since`.
    fn catch_up(&self, room: &RoomId, since: Rev, known: Rev, rows: DeltaRows) {
        let mut arriving = self.arriving();
        // Who is out hears nothing of what follows.
        self.take_members(&mut arriving, room, rows.rev, rows.member_count, &rows.members);
        let now = self.env.mono_ms();
        let moved = {
            let mut roster = self.roster();
            roster.changes += 1;
            let changes = roster.changes;
            let Some(local) = roster.rooms.get_mut(room) else { return };
            let moved = rows.rev > local.tail.head();
            if moved {
                local.recount(rows.member_count, self.settings.limits.receipts_members);
                local.changed = changes;
                if rows.overflow {
                    (local.tail, local.since) = (Tail::after(rows.rev), rows.rev);
                } else {
                    let settings = rows.settings.then_some(rows.rev);
                    let others = rows.members.iter().map(|member| member.rev).chain(settings);
                    local.tail.catch_up(since, rows.rev, rows.messages, others);
                }
            }
            local.sequencer.filled(local.tail.head(), known, now);
            moved
        };
        if moved {
            let heads = Heads { rooms: BTreeMap::from([(room.clone(), rows.rev)]) };
            let packet = Packet::from(&Event::Heads(Box::new(heads)));
            self.hold_for_members(&mut arriving, room, None, Some((room.clone(), rows.rev)), &packet);
            self.transport.broadcast(std::slice::from_ref(room), None, &packet);
        }
        for receipt in rows.receipts {
            let news = self.cursor_news(room, rows.member_count, receipt);
            self.publish(&mut arriving, None, news);
        }
        self.release(&mut arriving, room);
    }

    /// What the database says of memberships, for those who are here: ends first.
    fn take_members(&self, arriving: &mut Arriving, room: &RoomId, head: Rev, member_count: u64, members: &[Member]) {
        let (gone, there): (Vec<&Member>, Vec<&Member>) = members.iter().partition(|member| member.left_at.is_some());
        for member in gone.into_iter().filter(|_| !planted::has(Bug::FillKeepsMembers)) {
            let is_here = {
                let mut roster = self.roster();
                roster.note_gone(&member.user_id, room, member.rev);
                roster.users.contains_key(&member.user_id)
            };
            if is_here {
                self.part(arriving, room, &member.user_id, RemovalReason::Removed, member.rev, None);
            }
        }
        // Where a room has forgotten who left it after this was read, it says nothing of who is there.
        let is_old = self.roster().rooms.get(room).is_some_and(|local| head < local.since);
        for member in there.into_iter().filter(|_| !is_old) {
            let now = Membership { rev: member.rev, role: member.role, active: true };
            let conns = self.admit(arriving, &member.user_id, room, now, head, member_count);
            self.roster().enter(&member.user_id, room, member.role, member.rev);
            self.introduce(&member.user_id, room, None);
            if let Some(conns) = conns {
                self.welcome(member.user_id.clone(), room.clone(), conns.into_iter().collect());
            }
        }
    }

    /// A cursor as it is stored: it stands beside the log, so nobody notices that they lack it.
    pub(super) fn cursor_news(&self, room: &RoomId, member_count: u64, receipt: Receipt) -> News {
        let large = member_count > self.settings.limits.receipts_members;
        let audience = if large { Audience::User(receipt.user_id.clone()) } else { Audience::Room };
        let told = MessagesRead {
            user_id: receipt.user_id,
            message_ids: Vec::new(),
            room_id: room.clone(),
            read_seq: receipt.read_seq,
        };
        let event = Event::MessagesRead(Box::new(told));
        News::Room { room: room.clone(), audience, rev: None, event, skip_author: false }
    }
}
