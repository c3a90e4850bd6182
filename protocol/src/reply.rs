//! What a successful command is answered with, beside `success: true`.

use crate::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Rev, Timestamp,
    model::{Message, Receipt, Room, RoomDelta, RoomState, RoomUser, User},
};

macro_rules! reply {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($body)* }
    };
}

reply!(
    /// Done; nothing durable changed.
    #[derive(Default)]
    Done {}
);
reply!(
    /// Done, as this change of the room; without one where nothing had to change.
    #[derive(Default)]
    Changed {
        /// The room's newest change after the command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rev: Option<Rev>,
    }
);
reply!(
    /// A room as its member enters it.
    RoomEntered {
        /// The room.
        pub room: RoomState,
    }
);
reply!(
    /// A room as it now is.
    RoomChanged {
        /// The room.
        pub room: Room,
        /// The change that the command made; without one where nothing had to change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rev: Option<Rev>,
    }
);
reply!(
    /// A message as it now is.
    MessageStored {
        /// The message.
        pub message: Message,
        /// The change that the command made; the message's last one where it had been made before.
        pub rev: Rev,
    }
);
reply!(
    /// A page of members.
    RoomUsers {
        /// The members.
        pub users: Vec<RoomUser>,
        /// Where the next page begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
    }
);
reply!(
    /// A page of rooms.
    Rooms {
        /// The rooms.
        pub rooms: Vec<Room>,
        /// Where the next page begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
    }
);
reply!(
    /// A page of history, by `seq`.
    Messages {
        /// The messages.
        pub messages: Vec<Message>,
        /// Whether there are more in the direction asked for.
        pub has_more: bool,
        /// Who wrote them, each once.
        #[cfg_attr(feature = "ts", ts(as = "Option<Vec<User>>", optional))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub authors: Vec<User>,
    }
);
reply!(
    /// A page of findings.
    Found {
        /// The messages.
        pub messages: Vec<Message>,
        /// Who wrote them, each once.
        #[cfg_attr(feature = "ts", ts(as = "Option<Vec<User>>", optional))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub authors: Vec<User>,
        /// Where the next page begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
    }
);
reply!(
    /// The cursors of a room.
    Receipts {
        /// The cursors.
        pub receipts: Vec<Receipt>,
    }
);
reply!(
    /// What happened since.
    Synced {
        /// The database's life that the revs belong to.
        pub epoch: Epoch,
        /// One for each room asked for.
        pub rooms: Vec<RoomDelta>,
    }
);
reply!(
    /// The token is swapped.
    TokenRefreshed {
        /// When the new one runs out.
        pub expires_at: Timestamp,
    }
);
