//! A room as one of its members enters it: rows from the store, the living part from the roster.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{
    Rev, RoomId, UserId,
    model::{Member, Receipt, RoomState, RoomUser, Status, User},
};

use super::{Inner, authors, typing};
use crate::{
    hub::Roster,
    store::{RoomView, StoreError},
};

/// Most users that a room's state lists.
const USERS_LISTED: usize = 200;

/// A room as it was read for one of its members: who is in it is said as of the moment that it is told.
pub(super) struct Entering {
    view: RoomView,
    receipts: Vec<Receipt>,
    authors: Vec<User>,
    /// Where this node has still to hear who comes and goes.
    members: Option<Vec<Member>>,
}

impl Inner {
    /// These of the user's rooms as they enter them, to be told later; rooms that they are not in are left out.
    pub(super) async fn entering(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Entering>, StoreError> {
        let mut views = self.store.room_views(user, rooms).await?;
        self.mark_mine(user, views.iter_mut().filter_map(|view| view.last_message.as_mut())).await?;
        let named: Vec<RoomId> = views
            .iter()
            .filter(|view| view.room.member_count <= self.settings.limits.receipts_members)
            .map(|view| view.room.id.clone())
            .collect();
        let mut receipts = BTreeMap::<RoomId, Vec<Receipt>>::new();
        if !named.is_empty() {
            for (room, receipt) in self.store.receipts(&named).await? {
                receipts.entry(room).or_default().push(receipt);
            }
        }
        let authors = self.authors(views.iter().filter_map(|view| view.last_message.as_ref())).await?;
        let mut members = self.members_behind(&views).await?;
        for (room, members) in &members {
            members.iter().for_each(|member| self.hear_member(member.user_id.clone(), room, Some(member.rev)));
        }
        // Whoever is told of here is told of when they go; and others in the room are told of them, too: this may reach
        // somebody who has left again, or has no use for it any more.
        let named: Vec<UserId> = members.values().flatten().map(|member| member.user_id.clone()).collect();
        if !named.is_empty() {
            self.shift(&named, None, |roster| {
                for (room, members) in &members {
                    members.iter().for_each(|member| roster.enter(&member.user_id, room, member.role, member.rev));
                }
            });
        }
        let entering = views.into_iter().map(|view| Entering {
            receipts: receipts.remove(&view.room.id).unwrap_or_default(),
            authors: authors::of(&authors, &view.last_message),
            members: members.remove(&view.room.id),
            view,
        });
        Ok(entering.collect())
    }

    /// The members of rooms of which this node has still to hear something: who comes or goes by that is told by no
    /// event, because these states know it already.
    async fn members_behind(&self, views: &[RoomView]) -> Result<BTreeMap<RoomId, Vec<Member>>, StoreError> {
        let behind: Vec<RoomId> = {
            let now = self.env.mono_ms();
            let roster = self.roster();
            let named = views.iter().filter(|view| view.room.member_count <= self.settings.limits.presence_members);
            let behind = named.filter(|view| match roster.rooms.get(&view.room.id) {
                Some(local) => {
                    let doubts = || roster.neighbours.doubts(&view.room.id, local.settled_ms);
                    let settled = self.alone || (local.settled_ms <= now && !doubts());
                    local.head() < view.room.rev || !settled
                }
                None => !self.alone,
            });
            behind.map(|view| view.room.id.clone()).collect()
        };
        let mut members = BTreeMap::new();
        for room in behind {
            let page = self.store.members(&room, None, USERS_LISTED as u64).await?;
            members.insert(room, page.members.into_iter().map(|(member, _)| member).collect());
        }
        Ok(members)
    }
}

impl Entering {
    /// The room, and the last change of it that was read.
    pub(super) const fn head(&self) -> (&RoomId, Rev) {
        (&self.view.room.id, self.view.room.rev)
    }

    /// As it is told now.
    pub(super) fn state(self, roster: &Roster) -> RoomState {
        let Self { view, receipts, authors, members } = self;
        let id = &view.room.id;
        let users = match members {
            Some(members) => {
                let read: BTreeSet<UserId> = members.iter().map(|member| member.user_id.clone()).collect();
                // Whose joining is told ahead of this state is known nowhere else to be here.
                let joined = online(roster, id)
                    .filter(|(user, rev)| *rev > view.room.rev && !read.contains(&user.user_id))
                    .map(|(user, _)| user);
                members.into_iter().filter_map(|member| seen(roster, id, member)).chain(joined).collect()
            }
            None => online(roster, id).map(|(user, _)| user).take(USERS_LISTED).collect(),
        };
        RoomState {
            users,
            typing: typing::typists(roster, id),
            role: view.role,
            read_seq: view.read_seq,
            unread: view.unread,
            mentions: view.mentions,
            last_message: view.last_message,
            authors,
            receipts,
            room: view.room,
        }
    }
}

/// A member as they are seen, unless they are away. Who is here, and whose membership this node has yet to learn, is
/// introduced when it does: until then nobody would be told that they go.
fn seen(roster: &Roster, room: &RoomId, member: Member) -> Option<RoomUser> {
    let is_here = roster.users.get(&member.user_id).is_some_and(|local| local.announced);
    if is_here && !roster.is_member(&member.user_id, room) || roster.is_out(&member.user_id, room, member.rev) {
        return None;
    }
    let status = roster.status(&member.user_id);
    let Member { user_id, username, role, .. } = member;
    (status != Status::Offline).then_some(RoomUser { user_id, username, role, status, last_seen_at: None })
}

/// Who is seen as online in a room, by id, each with the last change of their membership.
pub(super) fn online(roster: &Roster, room: &RoomId) -> impl Iterator<Item = (RoomUser, Rev)> {
    roster.present(room).into_iter().filter_map(move |id| {
        let status = Some(roster.status(id)).filter(|status| *status != Status::Offline)?;
        let (username, role, rev) = roster.standing(id, room)?;
        let username = username.to_owned();
        Some((RoomUser { user_id: id.clone(), username, role, status, last_seen_at: None }, rev))
    })
}
