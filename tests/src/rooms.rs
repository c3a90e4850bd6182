//! Rooms as most tests want them.

use roomcast_protocol::{RoomId, command::CreateRoom, model::Visibility};

/// The command for a public room that is called as its id is.
#[must_use]
pub fn public_room(id: &RoomId) -> CreateRoom {
    CreateRoom {
        name: id.to_string(),
        room_id: Some(id.clone()),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    }
}
