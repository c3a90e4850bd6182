//! A user's memberships, as the database has them. Whoever learns of one first applies it: the user's own connection,
//! the room's news, another node's hint, or a look at the database after something that may have been missed. To
//! apply it again is no news.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{Rev, RoomId, UserId, event::RemovalReason, model::Receipt};

use super::Inner;
use crate::{
    hub::{Membership, Roster},
    store::{RoomHead, StoreError},
};

/// How long to wait for the database to answer again.
const RETRY_MS: u64 = 500;

/// How long a transaction that ended without an answer may take to become visible, if it ever does.
const UNSURE_MS: u64 = 5_000;

/// Most cursors that wait for that; further ones are left to the next resume.
const MARKS: usize = 10_000;

/// How many users' memberships are read at a time.
const USERS: usize = 200;

/// A user's memberships as they were known before the database was asked.
pub(super) type Known = Vec<(RoomId, Membership)>;

impl Inner {
    pub(super) fn known(&self, user: &UserId) -> Known {
        let roster = self.roster();
        let rooms = roster.users.get(user).map(|local| &local.rooms).into_iter().flatten();
        rooms.map(|(room, membership)| (room.clone(), *membership)).collect()
    }

    /// A user's memberships, as something else needs them. What is news among them is looked after: whoever learns of
    /// it first applies it.
    pub(super) async fn memberships(&self, user: &UserId) -> Result<Vec<RoomHead>, StoreError> {
        let heads = self.store.memberships(user).await?;
        let news = {
            let roster = self.roster();
            heads.iter().any(|head| is_news(&roster, user, &head.room, Some(head.member_rev)))
        };
        if news {
            self.look_after(user.clone());
        }
        Ok(heads)
    }

    /// Reads a user's memberships and applies what is news.
    pub(super) async fn learn(&self, user: &UserId) -> Result<(), StoreError> {
        loop {
            let known = self.known(user);
            let heads = self.store.memberships(user).await?;
            if self.apply_memberships(user, &known, &heads) {
                return Ok(());
            }
        }
    }

    /// Applies memberships that were read after these were known. False where they are to be read again: a room has
    /// begun here behind them, and this user's removal may be what it never heard of.
    pub(super) fn apply_memberships(&self, user: &UserId, known: &Known, heads: &[RoomHead]) -> bool {
        let mut whole = true;
        {
            let mut arriving = self.arriving();
            let stored: BTreeSet<&RoomId> = heads.iter().map(|head| &head.room).collect();
            for (room, membership) in known.iter().filter(|(_, membership)| membership.active) {
                if !stored.contains(room) {
                    // Its end has a place of its own, after the last that is known and before any that is to come.
                    self.part(&mut arriving, room, user, RemovalReason::Removed, membership.rev.next(), None);
                }
            }
            for head in heads {
                if self.roster().rooms.get(&head.room).is_some_and(|local| head.rev < local.since) {
                    whole = false;
                    continue;
                }
                let now = Membership { rev: head.member_rev, role: head.role, active: true };
                if let Some(conns) = self.admit(&arriving, user, &head.room, now, head.rev, head.member_count) {
                    self.introduce(user, &head.room, None);
                    // Who is arriving is told of it in the initial state, or behind it.
                    let here = conns.into_iter().filter(|conn| !arriving.contains(*conn)).collect();
                    self.welcome(user.clone(), head.room.clone(), here);
                }
            }
        }
        self.hear_heads(heads.iter().map(|head| (&head.room, head.rev)));
        whole
    }

    /// Another node says that a membership changed, or may have.
    pub(super) fn hear_member(&self, user: UserId, room: &RoomId, rev: Option<Rev>) {
        let news = is_news(&self.roster(), &user, room, rev);
        if news {
            self.look_after(user);
        }
    }

    /// Has a user's memberships read, once for all who ask for it meanwhile.
    pub(super) fn look_after(&self, user: UserId) {
        let Some(inner) = self.this.upgrade() else { return };
        {
            let mut watch = self.watch();
            if let Some(again) = watch.learning.get_mut(&user) {
                *again = true;
                return;
            }
            watch.learning.insert(user.clone(), false);
        }
        self.env.spawn(Box::pin(async move {
            loop {
                if let Err(error) = inner.learn(&user).await {
                    tracing::warn!(%error, "unable to read a user's memberships; trying again");
                    inner.env.sleep_ms(RETRY_MS).await;
                    continue;
                }
                let mut watch = inner.watch();
                match watch.learning.get_mut(&user) {
                    Some(again) if *again => *again = false,
                    _ => {
                        watch.learning.remove(&user);
                        return;
                    }
                }
            }
        }));
    }

    /// Reads the memberships of everybody here, and their cursors where these may have been missed, too. Once for all
    /// who ask for it meanwhile.
    pub(super) fn sweep(&self, cursors: bool) {
        let Some(inner) = self.this.upgrade() else { return };
        {
            let mut watch = self.watch();
            watch.sweep = Some(watch.sweep.unwrap_or_default() | cursors);
            if std::mem::replace(&mut watch.sweeping, true) {
                return;
            }
        }
        self.env.spawn(Box::pin(async move {
            loop {
                let cursors = {
                    let mut watch = inner.watch();
                    match watch.sweep.take() {
                        Some(cursors) => cursors,
                        None => {
                            watch.sweeping = false;
                            return;
                        }
                    }
                };
                inner.sweep_all(cursors).await;
            }
        }));
    }

    pub(super) async fn sweep_all(&self, cursors: bool) {
        let here: Vec<UserId> = self.roster().users.keys().cloned().collect();
        for users in here.chunks(USERS) {
            while let Err(error) = self.sweep_some(users, cursors).await {
                tracing::warn!(%error, "unable to read memberships again; trying again");
                self.env.sleep_ms(RETRY_MS).await;
            }
        }
    }

    async fn sweep_some(&self, users: &[UserId], cursors: bool) -> Result<(), StoreError> {
        let known: Vec<Known> = users.iter().map(|user| self.known(user)).collect();
        let mut stored = BTreeMap::<UserId, Vec<RoomHead>>::new();
        for (user, head) in self.store.memberships_of(users).await? {
            stored.entry(user).or_default().push(head);
        }
        for (user, known) in users.iter().zip(known) {
            let heads = stored.remove(user).unwrap_or_default();
            if !self.apply_memberships(user, &known, &heads) {
                self.look_after(user.clone());
            }
            if cursors {
                self.retell_cursors(user, &heads).await?;
            }
        }
        Ok(())
    }

    /// Tells these users' cursors in these rooms as they are stored when a transaction that ended without an answer must
    /// be visible or gone: a cursor has no place in the log that would betray it. At once, a sweep does.
    pub(super) fn retell_marks(&self, marks: impl Iterator<Item = (RoomId, UserId)>) {
        let Some(inner) = self.this.upgrade() else { return };
        {
            let due = self.env.mono_ms() + UNSURE_MS;
            let mut watch = self.watch();
            for mark in marks {
                if watch.unsure.len() < MARKS || watch.unsure.contains_key(&mark) {
                    watch.unsure.insert(mark, due);
                }
            }
            if watch.unsure.is_empty() || std::mem::replace(&mut watch.retelling, true) {
                return;
            }
        }
        self.env.spawn(Box::pin(async move { inner.retell_unsure().await }));
    }

    /// Waits for the next cursors that are due and tells them, until there are none.
    async fn retell_unsure(&self) {
        loop {
            let now = self.env.mono_ms();
            let (due, next) = {
                let mut watch = self.watch();
                let Some(next) = watch.unsure.values().min().copied() else {
                    watch.retelling = false;
                    return;
                };
                let due = watch.unsure.iter().filter(|(_, at)| **at <= now).take(USERS);
                (due.map(|(mark, at)| (mark.clone(), *at)).collect::<BTreeMap<_, _>>(), next)
            };
            if due.is_empty() {
                self.env.sleep_ms(next - now).await;
                continue;
            }
            match self.retell_some(&due).await {
                // Those that became unsure again meanwhile stay.
                Ok(()) => self.watch().unsure.retain(|mark, at| due.get(mark) != Some(at)),
                Err(error) => {
                    tracing::warn!(%error, "unable to read cursors; trying again");
                    self.env.sleep_ms(RETRY_MS).await;
                }
            }
        }
    }

    async fn retell_some(&self, marks: &BTreeMap<(RoomId, UserId), u64>) -> Result<(), StoreError> {
        let mut rooms: Vec<RoomId> = marks.keys().map(|(room, _)| room.clone()).collect();
        rooms.dedup();
        let mut receipts = BTreeMap::<RoomId, Vec<Receipt>>::new();
        for (room, receipt) in self.store.receipts(&rooms).await? {
            if marks.contains_key(&(room.clone(), receipt.user_id.clone())) {
                receipts.entry(room).or_default().push(receipt);
            }
        }
        for (id, receipts) in receipts {
            let Some(room) = self.store.room(&id).await? else { continue };
            receipts.into_iter().for_each(|receipt| self.retell(&id, room.member_count, receipt));
        }
        Ok(())
    }

    /// Tells a user's cursors as they are stored, to all nodes.
    async fn retell_cursors(&self, user: &UserId, heads: &[RoomHead]) -> Result<(), StoreError> {
        let rooms: Vec<RoomId> = heads.iter().map(|head| head.room.clone()).collect();
        for (room, receipt) in self.store.receipts(&rooms).await? {
            let Some(head) = heads.iter().find(|head| head.room == room) else { continue };
            if receipt.user_id == *user {
                self.retell(&room, head.member_count, receipt);
            }
        }
        Ok(())
    }

    fn retell(&self, room: &RoomId, member_count: u64, receipt: Receipt) {
        let news = self.cursor_news(room, member_count, receipt);
        self.publish(&mut self.arriving(), None, news.clone());
        self.tell_cursor(news);
    }
}

/// Whether a membership of somebody here may be another than is known.
fn is_news(roster: &Roster, user: &UserId, room: &RoomId, rev: Option<Rev>) -> bool {
    let Some(local) = roster.users.get(user) else { return false };
    rev.is_none_or(|rev| local.rooms.get(room).is_none_or(|known| known.rev < rev))
}
