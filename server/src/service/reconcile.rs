//! After a transaction whose outcome nobody knows (G-4): what it may have done is read back, and told as what it did
//! to rooms and memberships. Changes themselves are not told again; whoever lacks one asks for it (G-8).

use std::collections::BTreeMap;

use roomcast_protocol::{
    Event, RoomId, UserId,
    event::{Heads, MessagesRead, RemovalReason},
};

use super::Inner;
use crate::{
    domain::{Audience, News},
    hub::{Membership, Packet, Tail},
    store::{RoomHead, StoreError},
};

/// How long to wait for the database to answer again.
const RETRY_MS: u64 = 500;

impl Inner {
    /// Runs where news is told, so that what was committed later is told later. Ends when the database has answered.
    pub(super) async fn reconcile(&self) {
        let users: Vec<UserId> = self.roster().users.keys().cloned().collect();
        for user in users {
            while let Err(error) = self.reconcile_user(&user).await {
                tracing::warn!(%error, "unable to read back what an unknown transaction did; trying again");
                self.env.sleep_ms(RETRY_MS).await;
            }
        }
    }

    async fn reconcile_user(&self, user: &UserId) -> Result<(), StoreError> {
        let known: Vec<(RoomId, Membership)> = {
            let roster = self.roster();
            let Some(local) = roster.users.get(user) else { return Ok(()) };
            local.rooms.iter().map(|(room, membership)| (room.clone(), *membership)).collect()
        };
        let heads = self.store.memberships(user).await?;
        self.retell_memberships(user, &known, &heads);
        self.retell_cursors(user, &heads).await
    }

    fn retell_memberships(&self, user: &UserId, known: &[(RoomId, Membership)], heads: &[RoomHead]) {
        let mut arriving = self.arriving();
        let stored: BTreeMap<&RoomId, &RoomHead> = heads.iter().map(|head| (&head.room, head)).collect();
        for (room, membership) in known.iter().filter(|(_, membership)| membership.active) {
            if !stored.contains_key(room) {
                // Its end has a place of its own, after the last that is known and before any that is to come.
                self.part(&mut arriving, room, user, RemovalReason::Removed, membership.rev.next(), None);
            }
        }
        for head in heads {
            let now = Membership { rev: head.member_rev, role: head.role, active: true };
            if !known.iter().any(|(room, before)| *room == head.room && *before == now) {
                let conns = self.admit(&arriving, user, &head.room, now, head.member_count);
                self.introduce(user, &head.room, None);
                self.welcome(user.clone(), head.room.clone(), conns.into_iter().collect());
            }
            self.overtake(head);
        }
    }

    /// A cursor stands beside the log, so nobody notices that they lack it.
    async fn retell_cursors(&self, user: &UserId, heads: &[RoomHead]) -> Result<(), StoreError> {
        let rooms: Vec<RoomId> = heads.iter().map(|head| head.room.clone()).collect();
        for (room, receipt) in self.store.receipts(&rooms).await? {
            if receipt.user_id != *user {
                continue;
            }
            let large =
                heads.iter().any(|head| head.room == room && head.member_count > self.settings.limits.receipts_members);
            let told = MessagesRead {
                user_id: user.clone(),
                message_ids: Vec::new(),
                room_id: room.clone(),
                read_seq: receipt.read_seq,
            };
            let audience = if large { Audience::User(user.clone()) } else { Audience::Room };
            let event = Event::MessagesRead(Box::new(told));
            let news = News::Room { room, audience, rev: None, event, skip_author: false };
            self.publish(&mut self.arriving(), None, news);
        }
        Ok(())
    }

    /// Moves a room's tail to where the database is, and says so to those who are there.
    fn overtake(&self, head: &RoomHead) {
        {
            let mut roster = self.roster();
            roster.changes += 1;
            let changes = roster.changes;
            let Some(local) = roster.rooms.get_mut(&head.room) else { return };
            local.member_count = head.member_count;
            if local.tail.head() >= head.rev {
                return;
            }
            local.tail = Tail::after(head.rev);
            local.changed = changes;
        }
        let heads = Heads { rooms: BTreeMap::from([(head.room.clone(), head.rev)]) };
        self.transport.broadcast(std::slice::from_ref(&head.room), None, &Packet::from(&Event::Heads(Box::new(heads))));
    }
}
