//! Catching up, however long one was away (G-10).

use std::collections::BTreeMap;

use roomcast_protocol::{
    Epoch, Rev, RoomId, UserId,
    command::Sync,
    model::{DeltaKind, RoomDelta},
    registry::Reply,
    reply::Synced,
};

use super::{Inner, Plan, Service, Session, authors, rooms::newest};
use crate::{
    hub::TailAnswer,
    planted::{self, Bug},
    store::{Among, DeltaRows, Range, RoomHead, StoreError},
};

/// A client further behind than so many rows gets the newest page instead.
const DELTA_ROWS: u64 = 1_000;
/// Messages of the page that a reset brings.
const RESET_PAGE: u64 = 50;

impl Service {
    pub(super) fn sync(&self, session: &Session, query: Sync) -> Plan {
        let (inner, user) = (self.inner.clone(), session.user.id.clone());
        Plan::Read(Box::pin(async move {
            let told = |error: StoreError| error.told();
            let heads = inner.memberships(&user).await.map_err(told)?;
            let rooms = inner.deltas(&user, &query.epoch, &query.rooms, &heads).await.map_err(told)?;
            Ok(Reply::Sync(Synced { epoch: inner.epoch.clone(), rooms }))
        }))
    }
}

impl Inner {
    /// One delta for each room that the client has, given the memberships as they are at reading time.
    pub(super) async fn deltas(
        &self,
        user: &UserId,
        epoch: &Epoch,
        has: &BTreeMap<RoomId, Rev>,
        heads: &[RoomHead],
    ) -> Result<Vec<RoomDelta>, StoreError> {
        self.hear_heads(heads.iter().map(|head| (&head.room, head.rev)));
        let heads: BTreeMap<&RoomId, &RoomHead> = heads.iter().map(|head| (&head.room, head)).collect();
        let mut deltas: Vec<RoomDelta> = Vec::with_capacity(has.len());
        for (room, since) in has {
            let delta = match heads.get(room) {
                None => RoomDelta::bare(room.clone(), DeltaKind::Gone, Rev::default()),
                // Who left and came back in between must not see what was said meanwhile as a delta of theirs.
                Some(head)
                    if (*epoch != self.epoch && !planted::has(Bug::EpochIgnored))
                        || *since > head.rev
                        || *since < head.entered_rev =>
                {
                    self.reset(user, room).await?
                }
                Some(head) if planted::has(Bug::ResumeOffByOne) && *since < head.rev => {
                    self.delta(user, head, since.next()).await?
                }
                Some(head) => self.delta(user, head, *since).await?,
            };
            deltas.push(delta);
        }
        self.mark_mine(user, deltas.iter_mut().flat_map(|delta| &mut delta.messages)).await?;
        let authors = self.authors(deltas.iter().flat_map(|delta| &delta.messages)).await?;
        for delta in &mut deltas {
            delta.authors = authors::of(&authors, &delta.messages);
            // A removal since the memberships were read: what was said after it is not for them.
            let member_rev = heads.get(&delta.room_id).map_or(Rev::default(), |head| head.member_rev);
            if self.roster().is_out(user, &delta.room_id, member_rev) {
                *delta = RoomDelta::bare(delta.room_id.clone(), DeltaKind::Gone, Rev::default());
            }
        }
        Ok(deltas)
    }

    async fn delta(&self, user: &UserId, head: &RoomHead, since: Rev) -> Result<RoomDelta, StoreError> {
        let by_name = head.member_count <= self.settings.limits.receipts_members;
        let room = &head.room;
        // A tail that is behind what was read a moment ago would say that nothing happened since.
        let known = {
            let roster = self.roster();
            let local = roster.rooms.get(room).filter(|local| local.head() >= head.rev);
            local.map(|local| local.tail.since(room, since))
        };
        if let Some(TailAnswer::Delta(mut delta)) = known {
            if !by_name {
                delta.receipts.retain(|receipt| receipt.user_id == *user);
            }
            return Ok(*delta);
        }
        // What came behind the head that was read a moment ago is told as events.
        let rows = if by_name && since == head.rev {
            DeltaRows { rev: head.rev, ..DeltaRows::default() }
        } else {
            self.store.delta(room, since, DELTA_ROWS).await?
        };
        if rows.overflow {
            return self.reset(user, room).await;
        }
        // The rows may be newer than the membership that was read before them, and show its end.
        if rows.members.iter().any(|member| member.user_id == *user && member.left_at.is_some()) {
            return Ok(RoomDelta::bare(room.clone(), DeltaKind::Gone, Rev::default()));
        }
        let mut delta = RoomDelta::bare(room.clone(), DeltaKind::Delta, head.rev.max(rows.rev));
        delta.member_count = (!rows.members.is_empty()).then_some(rows.member_count);
        if rows.settings {
            delta.room = self.room_states(user, std::slice::from_ref(room)).await?.pop().map(Box::new);
        }
        // A cursor has no place in the log, so by name all of them are told: an acknowledgement can have taken the client
        // past one that it was never told.
        delta.receipts = if by_name {
            self.store.receipts(std::slice::from_ref(room)).await?.into_iter().map(|(_, receipt)| receipt).collect()
        } else {
            rows.receipts.into_iter().filter(|receipt| receipt.user_id == *user).collect()
        };
        delta.messages = rows.messages;
        delta.members = rows.members;
        if since == delta.rev && delta.receipts.is_empty() && delta.room.is_none() {
            delta.kind = DeltaKind::UpToDate;
        }
        Ok(delta)
    }

    async fn reset(&self, user: &UserId, room: &RoomId) -> Result<RoomDelta, StoreError> {
        let Some(state) = self.room_states(user, std::slice::from_ref(room)).await?.pop() else {
            return Ok(RoomDelta::bare(room.clone(), DeltaKind::Gone, Rev::default()));
        };
        let page = self.store.messages(room, Range::Newest, Among::All, RESET_PAGE).await?;
        // A removal between the two readings: the page may show what was said after it.
        if newest(&page.messages) > state.room.rev && self.store.room_views(user, &[room.clone()]).await?.is_empty() {
            return Ok(RoomDelta::bare(room.clone(), DeltaKind::Gone, Rev::default()));
        }
        let mut delta = RoomDelta::bare(room.clone(), DeltaKind::Reset, state.room.rev);
        delta.messages = page.messages;
        delta.has_more = page.has_more;
        delta.room = Some(Box::new(state));
        Ok(delta)
    }
}
