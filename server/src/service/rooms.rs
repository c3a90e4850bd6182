//! Entering rooms, listing them and their people.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Rev, RoomId, UserId,
    command::{GetRoomUsers, ListRooms, RoomScope},
    model::{Message, RoomUser, Status},
    registry::Reply,
    reply::{Receipts, RoomEntered, RoomUsers, Rooms},
};

use super::{
    Inner, Plan, Service, Session, Telling,
    states::{self, Entering},
};
use crate::{
    domain::{Act, Done},
    store::RoomQuery,
};

impl Service {
    /// A change that ends with the author in a room, and the room as they enter it.
    pub(super) fn enter(&self, session: &Session, act: Act, reply: fn(RoomEntered) -> Reply) -> Plan {
        let outcome = self.write(session.author(), act);
        let (inner, user) = (self.inner.clone(), session.user.id.clone());
        Plan::Enter(Box::pin(async move {
            let Done::Entered(room) = outcome.await? else { unreachable!("entering is decided as entering") };
            let mut entering =
                inner.entering(&user, std::slice::from_ref(&room)).await.map_err(|error| error.told())?;
            // Put out again between the commit and the reading.
            let entering = entering.pop().ok_or_else(|| no_such_room("join the room"))?;
            // They may have been in it before, by a change that this node has not heard of.
            if !inner.roster().is_member(&user, &room) {
                inner.look_after(user.clone());
            }
            let telling: Telling = Box::new(move |service| service.entered(&user, entering).map(reply));
            Ok(telling)
        }))
    }

    /// What is said to somebody who has entered a room, at the moment that they are told.
    pub(super) fn entered(&self, user: &UserId, entering: Entering) -> Result<RoomEntered, ErrorBody> {
        let roster = self.inner.roster();
        let (room, rev) = entering.head();
        // Out again since the reading: they were told, and this would bring the room back.
        if roster.is_out(user, room, rev) {
            return Err(no_such_room("join the room"));
        }
        Ok(RoomEntered { room: entering.state(&roster) })
    }

    pub(super) fn room_users(&self, session: &Session, query: GetRoomUsers) -> Plan {
        let (inner, reader) = (self.inner.clone(), session.user.id.clone());
        let limit = page(query.limit, inner.settings.limits.page);
        let admin = session.admin;
        Plan::Read(Box::pin(async move {
            let room = &query.room_id;
            inner.readable(&reader, admin, room, Rev::default(), "list the room's users").await?;
            let reply = if query.all {
                inner.all_users(room, query.cursor.as_deref(), limit).await?
            } else {
                let roster = inner.roster();
                let after = query.cursor.as_deref().unwrap_or_default();
                let online = states::online(&roster, room).map(|(user, _)| user);
                let mut users: Vec<RoomUser> = online.filter(|user| user.user_id.as_str() > after).collect();
                let whole = usize::try_from(query.limit.unwrap_or(inner.settings.limits.presence_members));
                let whole = whole.unwrap_or(usize::MAX);
                let next = (users.len() > whole).then(|| users[whole - 1].user_id.as_str().to_owned());
                users.truncate(whole);
                RoomUsers { users, next }
            };
            Ok(Reply::GetRoomUsers(reply))
        }))
    }

    pub(super) fn list_rooms(&self, session: &Session, query: ListRooms) -> Plan {
        let (inner, reader) = (self.inner.clone(), session.user.id.clone());
        let limit = page(query.limit, inner.settings.limits.page);
        Plan::Read(Box::pin(async move {
            let after = match query.cursor.as_deref().map(serde_json::from_str::<(String, String)>) {
                None => None,
                Some(Ok(after)) => Some(after),
                Some(Err(_)) => {
                    let why = "unable to take cursor; it is none of this server's";
                    return Err(ErrorBody::new(ErrorCode::BadRequest, why).field("cursor"));
                }
            };
            let of = (query.scope == RoomScope::Mine).then_some(reader);
            let query = RoomQuery { of, name: query.query, after, limit };
            let page = inner.store.rooms(&query).await.map_err(|error| error.told())?;
            let next = page
                .rooms
                .last()
                .filter(|_| page.has_more)
                .map(|room| serde_json::to_string(&(&room.name, &room.id)).expect("a pair of strings serializes"));
            Ok(Reply::ListRooms(Rooms { rooms: page.rooms, next }))
        }))
    }

    pub(super) fn get_receipts(&self, session: &Session, room: RoomId) -> Plan {
        let (inner, reader, admin) = (self.inner.clone(), session.user.id.clone(), session.admin);
        Plan::Read(Box::pin(async move {
            inner.readable(&reader, admin, &room, Rev::default(), "read the receipts").await?;
            let large = {
                let roster = inner.roster();
                let members = roster.rooms.get(&room).map_or(0, |local| local.member_count);
                members > inner.settings.limits.receipts_members
            };
            let receipts = if large {
                // By name only in small rooms: of a large one, everybody knows their own.
                let views = inner.store.room_views(&reader, std::slice::from_ref(&room)).await;
                let views = views.map_err(|error| error.told())?;
                let own = |view: &crate::store::RoomView| roomcast_protocol::model::Receipt {
                    user_id: reader.clone(),
                    read_seq: view.read_seq,
                };
                views.iter().map(own).collect()
            } else {
                let rows = inner.store.receipts(std::slice::from_ref(&room)).await.map_err(|error| error.told())?;
                rows.into_iter().map(|(_, receipt)| receipt).collect()
            };
            Ok(Reply::GetReceipts(Receipts { receipts }))
        }))
    }
}

impl Inner {
    /// Whether the user may read the room as it was at a change; answered as if it did not exist otherwise.
    pub(super) async fn readable(
        &self,
        user: &UserId,
        admin: bool,
        room: &RoomId,
        at: Rev,
        what: &str,
    ) -> Result<(), ErrorBody> {
        {
            let roster = self.roster();
            // Of what came later this node has yet to hear, a removal before it among that.
            let is_known = roster.rooms.get(room).is_some_and(|local| at <= local.head());
            if is_known && roster.is_member(user, room) {
                return Ok(());
            }
        }
        if admin && self.store.room(room).await.map_err(|error| error.told())?.is_some() {
            return Ok(());
        }
        // The roster follows the database by a moment: what was committed a moment ago counts.
        let heads = self.memberships(user).await.map_err(|error| error.told())?;
        if heads.iter().any(|head| head.room == *room) { Ok(()) } else { Err(no_such_room(what)) }
    }

    async fn all_users(&self, room: &RoomId, cursor: Option<&str>, limit: u64) -> Result<RoomUsers, ErrorBody> {
        let after = cursor.map(UserId::parse).transpose().map_err(|_| {
            let why = "unable to take cursor; it is none of this server's";
            ErrorBody::new(ErrorCode::BadRequest, why).field("cursor")
        })?;
        let page = self.store.members(room, after.as_ref(), limit).await.map_err(|error| error.told())?;
        let next = page.members.last().filter(|_| page.has_more).map(|(last, _)| last.user_id.as_str().to_owned());
        let roster = self.roster();
        let users = page.members.into_iter().map(|(member, last_seen_at)| {
            let status = roster.status(&member.user_id);
            RoomUser {
                status,
                last_seen_at: last_seen_at.filter(|_| status == Status::Offline),
                user_id: member.user_id,
                username: member.username,
                role: member.role,
            }
        });
        Ok(RoomUsers { users: users.collect(), next })
    }
}

/// The newest change that messages show.
pub(super) fn newest(messages: &[Message]) -> Rev {
    messages.iter().map(|message| message.rev).max().unwrap_or_default()
}

/// A page's size, within what is allowed.
pub(super) fn page(asked: Option<u64>, most: u64) -> u64 {
    asked.unwrap_or(50).clamp(1, most)
}

pub(super) fn no_such_room(what: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("unable to {what}; there is no such room"))
}
