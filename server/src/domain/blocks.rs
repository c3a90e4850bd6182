//! Who does not want to hear of whom: a blocked user cannot bring the one who blocked them into a room.
//!
//! In rooms that both are in already, nothing changes: what is shown there is for the blocker's client to choose.

use roomcast_protocol::{ErrorBody, ErrorCode, UserId};

use super::{Change, Decision, Done, Workspace};

const BLOCK: &str = "block the user";

pub(super) fn block(workspace: &mut Workspace, change: &Change, other: &UserId) -> Result<Decision, ErrorBody> {
    let author = &change.author.user.id;
    if other == author {
        let why = "unable to block the user; it is your own";
        return Err(ErrorBody::new(ErrorCode::BadRequest, why).field("userId"));
    }
    workspace.known_user(other, BLOCK).map_err(|error| error.field("userId"))?;
    let key = (author.clone(), other.clone());
    if workspace.blocks.insert(key.clone()) {
        workspace.dirty.blocks.insert(key);
    }
    Ok(Decision::quiet(Done::Changed(None)))
}

pub(super) fn unblock(workspace: &mut Workspace, change: &Change, other: &UserId) -> Decision {
    let key = (change.author.user.id.clone(), other.clone());
    if workspace.blocks.remove(&key) {
        workspace.dirty.blocks.insert(key);
    }
    Decision::quiet(Done::Changed(None))
}

impl Workspace {
    /// Refuses to bring somebody in who has blocked the author.
    pub(super) fn may_bring(&self, change: &Change, user: &UserId, what: &str) -> Result<(), ErrorBody> {
        if !self.blocks.contains(&(user.clone(), change.author.user.id.clone())) {
            return Ok(());
        }
        let message = format!("unable to {what}; one of these users does not want to be brought in by you");
        Err(ErrorBody::new(ErrorCode::Forbidden, message).field("userIds"))
    }
}
