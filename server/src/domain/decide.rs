//! The one door: a change in, a decision or a typed refusal out.

use roomcast_protocol::{
    ErrorBody, Limits, Rev, RoomId, Timestamp,
    permit::{self, Action, Actor, Place},
};

use super::{
    Act, Change, Decision, Done, Workspace, blocks, members, messages, pins, reactions, reads, rooms, sanctions,
    scene::{Scene, no_such_room},
};

/// Decides one change on the rows of its batch, after all earlier changes of the batch.
///
/// Either the change took effect on `workspace` as a whole, or nothing of it did.
///
/// # Errors
/// The refusal, as it goes to the one who asked.
pub fn decide(
    workspace: &mut Workspace,
    change: &Change,
    now: Timestamp,
    limits: &Limits,
) -> Result<Decision, ErrorBody> {
    let scene = &Scene { now, limits };
    match &change.act {
        Act::Send(send) => messages::send(workspace, scene, change, send),
        Act::Edit(edit) => messages::edit(workspace, scene, change, edit),
        Act::Delete(delete) => messages::delete(workspace, scene, change, &delete.message_id),
        Act::React(react) => reactions::add(workspace, scene, change, react),
        Act::Unreact(react) => reactions::remove(workspace, scene, change, react),
        Act::Pin(pin) => pins::pin(workspace, scene, change, pin),
        Act::Unpin(pin) => pins::unpin(workspace, scene, change, pin),
        Act::Read(mark) => reads::mark_read(workspace, scene, change, mark),
        Act::CreateRoom(create) => rooms::create(workspace, scene, change, create),
        Act::UpdateRoom(update) => rooms::update(workspace, scene, change, update),
        Act::DeleteRoom(room) => rooms::delete(workspace, scene, change, room),
        Act::SetRole(set) => members::set_role(workspace, scene, change, set),
        Act::Ban(sanction) => sanctions::ban(workspace, scene, change, sanction),
        Act::Unban(sanction) => sanctions::unban(workspace, scene, change, sanction),
        Act::Mute(sanction) => sanctions::mute(workspace, scene, change, sanction),
        Act::Unmute(sanction) => sanctions::unmute(workspace, scene, change, sanction),
        Act::Join(room) => members::join(workspace, scene, change, room),
        Act::Leave(room) => members::leave(workspace, scene, change, room),
        Act::AddMembers(add) => members::add(workspace, scene, change, add),
        Act::RemoveMember(remove) => members::remove(workspace, scene, change, remove),
        Act::Block(other) => blocks::block(workspace, change, other),
        Act::Unblock(other) => Ok(blocks::unblock(workspace, change, other)),
        Act::SeeUser => {
            let user = &change.author.user;
            if workspace.users.get(&user.id) != Some(user) {
                workspace.users.insert(user.id.clone(), user.clone());
                workspace.dirty.users.insert(user.id.clone());
            }
            Ok(Decision::quiet(Done::Changed(None)))
        }
        Act::LastSeen(seen) => {
            workspace.dirty.last_seen.extend(seen.iter().cloned());
            Ok(Decision::quiet(Done::Changed(None)))
        }
    }
}

impl Workspace {
    /// Takes the room's next `rev` (G-1): every durable change goes through here.
    pub(super) fn next_rev(&mut self, room: &RoomId) -> Rev {
        let row = self.rooms.get_mut(room).expect("only rooms that were found are changed");
        row.room.rev = row.room.rev.next();
        self.dirty.rooms.insert(room.clone());
        row.room.rev
    }

    /// Asks the published rules whether the author may do this in the room.
    pub(super) fn permit(
        &self,
        scene: &Scene<'_>,
        change: &Change,
        room: &RoomId,
        action: Action,
        what: &str,
    ) -> Result<(), ErrorBody> {
        let row = self.rooms.get(room).filter(|row| row.deleted_at.is_none()).ok_or_else(|| no_such_room(what))?;
        let place = Place { visibility: row.room.visibility, policy: &row.room.policy };
        let key = (room.clone(), change.author.user.id.clone());
        let admin = change.author.admin;
        let actor = self.members.get(&key).map_or(Actor { admin, ..Actor::default() }, |row| row.actor(admin));
        permit::permit(&actor, action, place, scene.now).map_err(|denied| {
            let mut error = ErrorBody::new(denied.code, format!("unable to {what}; {}", denied.why));
            error.retry_after_ms = denied.retry_after_ms;
            match denied.until {
                Some(until) => error.until(until),
                None => error,
            }
        })
    }
}
