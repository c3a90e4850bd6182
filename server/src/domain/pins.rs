//! Messages that a room keeps in sight.

use roomcast_protocol::{ErrorBody, ErrorCode, Event, command::Pin, event::MessageUpdated, permit::Action};

use super::{
    Change, Decision, Workspace,
    messages::{alter, find},
    scene::Scene,
};

const PIN: &str = "pin the message";
const UNPIN: &str = "unpin the message";

pub(super) fn pin(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    pin: &Pin,
) -> Result<Decision, ErrorBody> {
    let (room, message) = find(workspace, change, &pin.message_id, PIN)?;
    let (deleted, pinned) = (message.deleted_at.is_some(), message.pinned_at.is_some());
    workspace.permit(scene, change, &room, Action::Pin, PIN)?;
    if deleted {
        return Err(ErrorBody::new(ErrorCode::Gone, "unable to pin the message; it is deleted"));
    }
    Ok(if pinned { unchanged(workspace, change, pin) } else { set(workspace, scene, change, pin, true) })
}

pub(super) fn unpin(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    pin: &Pin,
) -> Result<Decision, ErrorBody> {
    let (room, message) = find(workspace, change, &pin.message_id, UNPIN)?;
    let pinned = message.pinned_at.is_some();
    workspace.permit(scene, change, &room, Action::Pin, UNPIN)?;
    Ok(if pinned { set(workspace, scene, change, pin, false) } else { unchanged(workspace, change, pin) })
}

fn unchanged(workspace: &Workspace, change: &Change, pin: &Pin) -> Decision {
    Decision::quiet(workspace.unchanged_for(&pin.message_id, &change.author.user.id))
}

fn set(workspace: &mut Workspace, scene: &Scene<'_>, change: &Change, pin: &Pin, pinned: bool) -> Decision {
    let at = pinned.then_some(scene.now);
    let event = |message, rev| Event::MessageUpdated(Box::new(MessageUpdated { message, by: None, rev }));
    alter(workspace, change, &pin.message_id, event, |message| message.pinned_at = at)
}
