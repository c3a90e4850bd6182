//! Making rooms.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Rev, RoomId, Seq,
    command::{CreateRoom, PolicyPatch},
    model::{Policy, Role, Room, User, Visibility},
};

use super::{Change, Decision, Done, RoomRow, Workspace, scene::Scene};

const CREATE: &str = "create the room";

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
    let row = RoomRow { room, created_by: author.id.clone(), settings_rev: Rev::new(1) };
    workspace.rooms.insert(id.clone(), row);
    let mut news: Vec<_> = workspace.enter(scene, &id, author, Role::Owner, true).into();
    for user in &others {
        news.extend(workspace.enter(scene, &id, user, Role::Member, false));
    }
    Ok(Decision { done: Done::Entered(id), news })
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
