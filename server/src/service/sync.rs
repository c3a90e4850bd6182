//! Catching up, however long one was away (G-10).

use std::collections::BTreeMap;

use roomcast_protocol::{
    Epoch, Rev, RoomId, Seq, UserId,
    command::Sync,
    model::{DeltaKind, Receipt, RoomDelta},
    registry::Reply,
    reply::Synced,
};

use super::{Inner, Plan, Service, Session, Telling, authors, states::Entering};
use crate::{
    hub::TailAnswer,
    planted::{self, Bug},
    store::{Among, DeltaRows, Range, RoomHead, StoreError},
};

/// Messages of the page that a reset brings.
const RESET_PAGE: u64 = 50;

impl Service {
    pub(super) fn sync(&self, session: &Session, query: Sync) -> Plan {
        let (inner, user) = (self.inner.clone(), session.user.id.clone());
        Plan::CatchUp(Box::pin(async move {
            let told = |error: StoreError| error.told();
            let heads = inner.memberships(&user).await.map_err(told)?;
            let deltas = inner.deltas(&user, &query.epoch, &query.rooms, &heads).await.map_err(told)?;
            let telling: Telling = Box::new(move |service| {
                let rooms = service.inner.told_deltas(&user, deltas);
                Ok(Reply::Sync(Synced { epoch: service.inner.epoch.clone(), rooms }))
            });
            Ok(telling)
        }))
    }
}

impl Inner {
    /// The deltas as they are told now, under the lock that everything is told under.
    pub(super) fn told_deltas(&self, user: &UserId, deltas: Vec<Delta>) -> Vec<RoomDelta> {
        let roster = self.roster();
        let told = |Delta { mut rows, member_rev, room }: Delta| {
            // A removal since the memberships were read: what was said after it is not for them.
            if roster.is_out(user, &rows.room_id, member_rev) {
                return gone(&rows.room_id);
            }
            rows.room = room.map(|entering| Box::new(entering.state(&roster)));
            rows
        };
        deltas.into_iter().map(told).collect()
    }

    /// One delta for each room that the client has, given the memberships as they are at reading time.
    pub(super) async fn deltas(
        &self,
        user: &UserId,
        epoch: &Epoch,
        has: &BTreeMap<RoomId, Rev>,
        heads: &[RoomHead],
    ) -> Result<Vec<Delta>, StoreError> {
        self.hear_heads(heads.iter().map(|head| (&head.room, head.rev)));
        let heads: BTreeMap<&RoomId, &RoomHead> = heads.iter().map(|head| (&head.room, head)).collect();
        let mut deltas: Vec<Delta> = Vec::with_capacity(has.len());
        for (room, since) in has {
            let delta = match heads.get(room) {
                None => Delta::gone(room),
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
        self.mark_mine(user, deltas.iter_mut().flat_map(|delta| &mut delta.rows.messages)).await?;
        let authors = self.authors(deltas.iter().flat_map(|delta| &delta.rows.messages)).await?;
        for Delta { rows, member_rev, .. } in &mut deltas {
            rows.authors = authors::of(&authors, &rows.messages);
            *member_rev = heads.get(&rows.room_id).map_or(Rev::default(), |head| head.member_rev);
        }
        Ok(deltas)
    }

    async fn delta(&self, user: &UserId, head: &RoomHead, since: Rev) -> Result<Delta, StoreError> {
        let by_name = head.member_count <= self.settings.limits.receipts_members;
        let room = &head.room;
        // A tail that is behind what was read a moment ago would say that nothing happened since.
        let known = {
            let roster = self.roster();
            let local = roster.rooms.get(room).filter(|local| local.head() >= head.rev);
            local.map(|local| local.tail.since(room, since))
        };
        let mut delta = match known {
            Some(TailAnswer::Delta(delta)) => Delta::from(*delta),
            _ => match self.delta_stored(user, head, since).await? {
                Some(delta) if delta.rows.kind == DeltaKind::Gone => return Ok(delta),
                Some(delta) => delta,
                None => return self.reset(user, room).await,
            },
        };
        let rows = &mut delta.rows;
        rows.receipts = if by_name {
            self.cursors(room).await?
        } else {
            vec![Receipt { user_id: user.clone(), read_seq: head.read_seq }]
        };
        rows.receipts.retain(|receipt| receipt.read_seq > Seq::default());
        if since == rows.rev && rows.messages.is_empty() && rows.receipts.is_empty() && delta.room.is_none() {
            rows.kind = DeltaKind::UpToDate;
        }
        Ok(delta)
    }

    /// What the database says of what happened since; nothing where that is too much.
    async fn delta_stored(&self, user: &UserId, head: &RoomHead, since: Rev) -> Result<Option<Delta>, StoreError> {
        let room = &head.room;
        // What came behind the head that was read a moment ago is told as events.
        let rows = if since == head.rev {
            DeltaRows { rev: head.rev, ..DeltaRows::default() }
        } else {
            self.store.delta(room, since, self.settings.delta_rows).await?
        };
        // Out since the memberships were read, which nobody may have told this node yet: what was said after it is not
        // for them.
        if rows.members.iter().any(|member| member.user_id == *user && member.left_at.is_some()) {
            self.look_after(user.clone());
            return Ok(Some(Delta::gone(room)));
        }
        if rows.overflow {
            return Ok(None);
        }
        // The rows may be newer than the head that was read before them.
        let mut delta = Delta::from(RoomDelta::bare(room.clone(), DeltaKind::Delta, head.rev.max(rows.rev)));
        delta.rows.member_count = (!rows.members.is_empty()).then_some(rows.member_count);
        if rows.settings {
            delta.room = self.entering(user, std::slice::from_ref(room)).await?.pop();
        }
        delta.rows.messages = rows.messages;
        delta.rows.members = rows.members;
        Ok(Some(delta))
    }

    /// All cursors of a room in which they are told by name. They have no place in the log, and an acknowledgement can
    /// have taken the client past one that it was never told.
    async fn cursors(&self, room: &RoomId) -> Result<Vec<Receipt>, StoreError> {
        let since = {
            let roster = self.roster();
            let heard = roster.rooms.get(room).filter(|local| self.alone || local.is_heard());
            match heard.map(|local| local.tail.cursors()) {
                Some(Ok(cursors)) => return Ok(cursors),
                Some(Err(since)) => Some(since),
                None => None,
            }
        };
        let read = self.store.receipts(std::slice::from_ref(room)).await?;
        let receipts: Vec<Receipt> = read.into_iter().map(|(_, receipt)| receipt).collect();
        if let (Some(since), Some(local)) = (since, self.roster().rooms.get_mut(room)) {
            local.tail.take_cursors(&since, &receipts);
        }
        Ok(receipts)
    }

    async fn reset(&self, user: &UserId, room: &RoomId) -> Result<Delta, StoreError> {
        let Some(entering) = self.entering(user, std::slice::from_ref(room)).await?.pop() else {
            return Ok(Delta::gone(room));
        };
        let (_, rev) = entering.head();
        let page = self.store.messages(room, Range::Newest, Among::All, RESET_PAGE).await?;
        // A removal between the two readings: the page may show what was said after it.
        let is_newer = page.messages.iter().any(|message| message.rev > rev);
        if is_newer && self.store.room_views(user, std::slice::from_ref(room)).await?.is_empty() {
            self.look_after(user.clone());
            return Ok(Delta::gone(room));
        }
        let mut delta = Delta::from(RoomDelta::bare(room.clone(), DeltaKind::Reset, rev));
        delta.rows.messages = page.messages;
        delta.rows.has_more = page.has_more;
        delta.room = Some(entering);
        Ok(delta)
    }
}

/// A delta that was read: who is in the room is said as of the moment that it is told.
pub(super) struct Delta {
    /// All but the room.
    pub(super) rows: RoomDelta,
    /// The user's membership, as it was known.
    member_rev: Rev,
    room: Option<Entering>,
}

impl Delta {
    /// Of a room that the user is not in.
    fn gone(room: &RoomId) -> Self {
        Self::from(gone(room))
    }
}

impl From<RoomDelta> for Delta {
    fn from(rows: RoomDelta) -> Self {
        Self { rows, member_rev: Rev::default(), room: None }
    }
}

/// A room that the user is not in.
fn gone(room: &RoomId) -> RoomDelta {
    RoomDelta::bare(room.clone(), DeltaKind::Gone, Rev::default())
}
