//! Rooms: made, changed, ended.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, Rev, RoomId, Seq,
    command::{CreateRoom, PolicyPatch, UpdateRoom},
    event::RoomUpdated,
    model::{Policy, Role, Room, User, Visibility},
    permit::Action,
};

use super::{Audience, Change, Decision, Done, News, RoomRow, Workspace, scene::Scene};

const CREATE: &str = "create the room";
const UPDATE: &str = "update the room";
const DELETE: &str = "delete the room";

pub(super) fn create(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    create: &CreateRoom,
) -> Result<Decision, ErrorBody> {
    let author = &change.author.user;
    let id = create.room_id.clone().unwrap_or_else(|| RoomId::parse(&change.fresh_id).expect("fresh ids are UUIDs"));
    if let Some(row) = workspace.rooms.get(&id) {
        // The same command again, its ack lost: the same answer.
        let same = row.created_by == author.id
            && row.room.name == create.name
            && row.room.visibility == create.visibility
            && workspace.is_member(&id, &author.id);
        return if same { Ok(Decision::quiet(Done::Entered(id))) } else { Err(taken()) };
    }
    let policy = patched(&Policy::default(), create.policy.as_ref());
    let mut others: Vec<User> = Vec::new();
    for user in &create.members {
        if *user != author.id && others.iter().all(|other| other.id != *user) {
            workspace.may_bring(change, user, CREATE).map_err(|error| error.field("members"))?;
            others.push(workspace.known_user(user, CREATE).map_err(|error| error.field("members"))?);
        }
    }
    if create.visibility == Visibility::Direct && others.is_empty() {
        let why = "unable to create the room; a direct room needs somebody to talk to";
        return Err(ErrorBody::new(ErrorCode::BadRequest, why).field("members"));
    }
    if others.len() as u64 + 1 > policy.max_members {
        let why = "unable to create the room; it would have more members than its policy allows";
        return Err(ErrorBody::new(ErrorCode::BadRequest, why).field("policy.maxMembers"));
    }
    for user in std::iter::once(author).chain(&others) {
        workspace.room_for(&id, &user.id, 1, scene, CREATE)?;
    }

    let room = Room {
        id: id.clone(),
        name: create.name.clone(),
        topic: create.topic.clone(),
        visibility: create.visibility,
        policy,
        rev: Rev::default(),
        seq: Seq::default(),
        member_count: 0,
        created_at: scene.now,
    };
    let row = RoomRow { room, created_by: author.id.clone(), settings_rev: Rev::new(1), deleted_at: None };
    workspace.rooms.insert(id.clone(), row);
    let mut news: Vec<_> = workspace.enter(scene, &id, author, Role::Owner, true).into();
    for user in &others {
        news.extend(workspace.enter(scene, &id, user, Role::Member, false));
    }
    Ok(Decision { done: Done::Entered(id), news })
}

pub(super) fn update(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    update: &UpdateRoom,
) -> Result<Decision, ErrorBody> {
    let id = &update.room_id;
    workspace.permit(scene, change, id, Action::UpdateRoom, UPDATE)?;
    let before = &workspace.rooms[id].room;
    let mut room = before.clone();
    if let Some(name) = &update.name {
        room.name.clone_from(name);
    }
    if let Some(topic) = &update.topic {
        room.topic = (!topic.is_empty()).then(|| topic.clone());
    }
    room.policy = patched(&before.policy, update.policy.as_ref());
    if room == *before {
        return Ok(Decision::quiet(Done::Room(Box::new(room), None)));
    }
    let rev = workspace.next_rev(id);
    let row = workspace.rooms.get_mut(id).expect("its rev was just taken");
    row.room = Room { rev, ..room };
    row.settings_rev = rev;
    let room = row.room.clone();
    Ok(Decision {
        done: Done::Room(Box::new(room.clone()), Some(rev)),
        news: vec![News::Room {
            room: id.clone(),
            audience: Audience::Room,
            rev: Some(rev),
            event: Event::RoomUpdated(Box::new(RoomUpdated { room, rev })),
            skip_author: true,
        }],
    })
}

pub(super) fn delete(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    id: &RoomId,
) -> Result<Decision, ErrorBody> {
    workspace.permit(scene, change, id, Action::DeleteRoom, DELETE)?;
    let rev = workspace.next_rev(id);
    let row = workspace.rooms.get_mut(id).expect("its rev was just taken");
    row.room.member_count = 0;
    row.deleted_at = Some(scene.now);
    // Those of the batch at once, so that it sees them as they are; all others when it is saved.
    for ((room, _), member) in &mut workspace.members {
        if room == id && member.is_active() {
            member.member.left_at = Some(scene.now);
            member.member.rev = rev;
        }
    }
    let touched = workspace.members.keys().filter(|(room, _)| room == id);
    workspace.dirty.members.extend(touched.cloned());
    workspace.dirty.ended.insert(id.clone(), (scene.now, rev));
    Ok(Decision { done: Done::Changed(Some(rev)), news: vec![News::Deleted { room: id.clone(), rev }] })
}

fn patched(policy: &Policy, patch: Option<&PolicyPatch>) -> Policy {
    let none = PolicyPatch::default();
    let patch = patch.unwrap_or(&none);
    Policy {
        who_may_post: patch.who_may_post.unwrap_or(policy.who_may_post),
        who_may_invite: patch.who_may_invite.unwrap_or(policy.who_may_invite),
        who_may_pin: patch.who_may_pin.unwrap_or(policy.who_may_pin),
        slow_mode_ms: patch.slow_mode_ms.unwrap_or(policy.slow_mode_ms),
        edit_window_ms: patch.edit_window_ms.unwrap_or(policy.edit_window_ms),
        max_members: patch.max_members.unwrap_or(policy.max_members),
    }
}

fn taken() -> ErrorBody {
    ErrorBody::new(ErrorCode::Conflict, "unable to create the room; its id is taken").field("roomId")
}
