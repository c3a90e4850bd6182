//! Coming and going.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, Rev, RoomId, Seq, UserId,
    command::{AddMembers, RemoveMember, SetRole},
    event::{MemberUpdated, RemovalReason, UserJoined, UserLeft},
    model::{Member, Role, User},
    permit::Action,
};

use super::{
    Audience, Change, Decision, Done, MemberRow, News, Workspace,
    scene::{Scene, no_such_room},
};

const JOIN: &str = "join the room";
const LEAVE: &str = "leave the room";
const ADD: &str = "add members";
const REMOVE: &str = "remove the member";
const SET_ROLE: &str = "set the role";

pub(super) fn join(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    room: &RoomId,
) -> Result<Decision, ErrorBody> {
    workspace.permit(scene, change, room, Action::Join, JOIN)?;
    let author = &change.author.user;
    if workspace.is_member(room, &author.id) {
        return Ok(Decision::quiet(Done::Entered(room.clone())));
    }
    workspace.room_for(room, &author.id, 1, scene, JOIN)?;
    let news = workspace.enter(scene, room, author, Role::Member, true);
    Ok(Decision { done: Done::Entered(room.clone()), news: news.into() })
}

pub(super) fn leave(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    room: &RoomId,
) -> Result<Decision, ErrorBody> {
    let author = &change.author.user.id;
    if !workspace.rooms.contains_key(room) {
        return Err(no_such_room(LEAVE));
    }
    if !workspace.is_member(room, author) {
        // Left before, maybe by the same command whose ack was lost: leaving is idempotent.
        let ever = workspace.members.contains_key(&(room.clone(), author.clone()));
        return if ever { Ok(Decision::quiet(Done::Changed(None))) } else { Err(no_such_room(LEAVE)) };
    }
    let (rev, news) = workspace.exit(scene, room, author, RemovalReason::Left, true);
    Ok(Decision { done: Done::Changed(Some(rev)), news: news.into() })
}

pub(super) fn add(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    add: &AddMembers,
) -> Result<Decision, ErrorBody> {
    let room = &add.room_id;
    workspace.permit(scene, change, room, Action::AddMembers, ADD)?;
    let mut users: Vec<User> = Vec::new();
    for id in &add.user_ids {
        if workspace.is_member(room, id) || users.iter().any(|user| user.id == *id) {
            continue;
        }
        if workspace.is_banned(room, id, scene.now) {
            let why = "unable to add members; one of these users is banned from the room";
            return Err(ErrorBody::new(ErrorCode::Forbidden, why).field("userIds"));
        }
        workspace.may_bring(change, id, ADD)?;
        users.push(workspace.known_user(id, ADD)?);
    }
    for user in &users {
        workspace.room_for(room, &user.id, users.len() as u64, scene, ADD)?;
    }
    let mut news = Vec::new();
    for user in &users {
        news.extend(workspace.enter(scene, room, user, Role::Member, false));
    }
    let rev = workspace.rooms[room].room.rev;
    Ok(Decision { done: Done::Changed(Some(rev)), news })
}

pub(super) fn remove(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    remove: &RemoveMember,
) -> Result<Decision, ErrorBody> {
    let room = &remove.room_id;
    let target = workspace.role_of(room, &remove.user_id);
    workspace.permit(scene, change, room, Action::Sanction { target }, REMOVE)?;
    if target.is_none() {
        return Ok(Decision::quiet(Done::Changed(None)));
    }
    let (rev, news) = workspace.exit(scene, room, &remove.user_id, RemovalReason::Removed, false);
    Ok(Decision { done: Done::Changed(Some(rev)), news: news.into() })
}

pub(super) fn set_role(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    set: &SetRole,
) -> Result<Decision, ErrorBody> {
    let (room, role) = (&set.room_id, set.role);
    let target = workspace.role_of(room, &set.user_id);
    let action = Action::SetRole { target: target.unwrap_or(Role::Member), role };
    workspace.permit(scene, change, room, action, SET_ROLE)?;
    match target {
        None => Err(no_such_member(SET_ROLE)),
        Some(before) if before == role => Ok(Decision::quiet(Done::Changed(None))),
        Some(_) => Ok(workspace.restate(room, &set.user_id, |row| row.member.role = role)),
    }
}

pub(super) fn no_such_member(what: &str) -> ErrorBody {
    let message = format!("unable to {what}; there is no such member");
    ErrorBody::new(ErrorCode::NotFound, message).field("userId")
}

impl Workspace {
    /// The role of somebody who is in the room.
    pub(super) fn role_of(&self, room: &RoomId, user: &UserId) -> Option<Role> {
        let key = (room.clone(), user.clone());
        self.members.get(&key).filter(|row| row.is_active()).map(|row| row.member.role)
    }

    /// Changes the standing of somebody who is in the room, and tells everybody, the author too.
    pub(super) fn restate(&mut self, room: &RoomId, user: &UserId, mutate: impl FnOnce(&mut MemberRow)) -> Decision {
        let rev = self.next_rev(room);
        let key = (room.clone(), user.clone());
        let row = self.members.get_mut(&key).expect("the caller found it");
        mutate(row);
        row.member.rev = rev;
        let member = row.member.clone();
        self.dirty.members.insert(key);
        let told = MemberUpdated { room_id: room.clone(), member, rev };
        Decision {
            done: Done::Changed(Some(rev)),
            news: vec![News::Room {
                room: room.clone(),
                audience: Audience::Room,
                rev: Some(rev),
                event: Event::MemberUpdated(Box::new(told)),
                skip_author: false,
            }],
        }
    }

    pub(super) fn is_member(&self, room: &RoomId, user: &UserId) -> bool {
        self.members.get(&(room.clone(), user.clone())).is_some_and(MemberRow::is_active)
    }

    pub(super) fn known_user(&self, id: &UserId, what: &str) -> Result<User, ErrorBody> {
        self.users.get(id).cloned().ok_or_else(|| {
            let message = format!("unable to {what}; the server does not know one of these users");
            ErrorBody::new(ErrorCode::NotFound, message).field("userIds")
        })
    }

    /// Whether the room has room for so many more and the user may be in one more.
    pub(super) fn room_for(
        &self,
        room: &RoomId,
        user: &UserId,
        more: u64,
        scene: &Scene<'_>,
        what: &str,
    ) -> Result<(), ErrorBody> {
        let full = |why: &str, limit: u64| {
            ErrorBody::new(ErrorCode::QuotaExceeded, format!("unable to {what}; {why}")).limit(limit)
        };
        if let Some(row) = self.rooms.get(room)
            && row.room.member_count.saturating_add(more) > row.room.policy.max_members
        {
            return Err(full("the room is full", row.room.policy.max_members));
        }
        if self.room_counts.get(user).is_some_and(|count| *count >= scene.limits.rooms_per_user) {
            return Err(full("the user is in as many rooms as they can be", scene.limits.rooms_per_user));
        }
        Ok(())
    }

    /// Makes the user a member. The caller has checked that they are none yet and may be one.
    pub(super) fn enter(
        &mut self,
        scene: &Scene<'_>,
        room: &RoomId,
        user: &User,
        role: Role,
        skip_author: bool,
    ) -> [News; 2] {
        let rev = self.next_rev(room);
        let row = self.rooms.get_mut(room).expect("its rev was just taken");
        row.room.member_count += 1;
        let (member_count, newest) = (row.room.member_count, row.room.seq);
        let key = (room.clone(), user.id.clone());
        let earlier = self.members.get(&key);
        let row = MemberRow {
            member: Member {
                user_id: user.id.clone(),
                username: user.name.clone(),
                avatar_url: user.avatar_url.clone(),
                role,
                joined_at: scene.now,
                left_at: None,
                muted_until: earlier.and_then(|row| row.member.muted_until),
                rev,
            },
            entered_rev: rev,
            // Who comes in has nothing unread: what was said before was not said to them.
            read_seq: newest.max(earlier.map_or(Seq::default(), |row| row.read_seq)),
            read_rev: rev,
            banned_until: earlier.and_then(|row| row.banned_until),
            last_post_at: None,
        };
        self.members.insert(key.clone(), row);
        self.dirty.members.insert(key);
        *self.room_counts.entry(user.id.clone()).or_default() += 1;
        let joined = UserJoined { room_id: room.clone(), user: user.clone(), rev };
        [
            News::Room {
                room: room.clone(),
                audience: Audience::Room,
                rev: Some(rev),
                event: Event::UserJoined(Box::new(joined)),
                skip_author,
            },
            News::Entered { room: room.clone(), user: user.id.clone(), role, rev, member_count },
        ]
    }

    /// Ends a membership that the caller has found to be active.
    pub(super) fn exit(
        &mut self,
        scene: &Scene<'_>,
        room: &RoomId,
        user: &UserId,
        reason: RemovalReason,
        skip_author: bool,
    ) -> (Rev, [News; 2]) {
        let rev = self.next_rev(room);
        let row = self.rooms.get_mut(room).expect("its rev was just taken");
        row.room.member_count = row.room.member_count.saturating_sub(1);
        let member_count = row.room.member_count;
        let key = (room.clone(), user.clone());
        let row = self.members.get_mut(&key).expect("the caller found it");
        row.member.left_at = Some(scene.now);
        row.member.rev = rev;
        self.dirty.members.insert(key);
        let left = UserLeft { room_id: room.clone(), user_id: user.clone(), rev };
        let news = [
            News::Removed { room: room.clone(), user: user.clone(), reason, rev, member_count },
            News::Room {
                room: room.clone(),
                audience: Audience::Room,
                rev: Some(rev),
                event: Event::UserLeft(Box::new(left)),
                skip_author,
            },
        ];
        (rev, news)
    }
}
