//! The one list of everything that can be said, a line each.
//!
//! Both sides dispatch over the enums made here, exhaustively: an event without a service or a reducer does not
//! compile.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    command, event,
    json::{
        self,
        small::{ToJson, Writer},
    },
    reply,
};

/// A command's payload, bound to its name and to the reply that it gets.
pub trait Request: Serialize + DeserializeOwned + Clone {
    /// Which command this is the payload of.
    const KIND: CommandKind;
    /// What success answers.
    type Reply: Serialize + DeserializeOwned + Clone;

    /// The payload as one of all commands.
    fn into_command(self) -> Command;

    /// This command's reply out of all replies; `None` for another's.
    fn from_reply(reply: Reply) -> Option<Self::Reply>;
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:literal => $variant:ident($payload:ty) -> $reply:ty;)*) => {
        /// The name of a command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CommandKind { $($(#[$doc])* $variant),* }

        impl CommandKind {
            /// Every command.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The event's name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The command of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }

        /// A command with its payload.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Command { $($(#[$doc])* $variant($payload)),* }

        impl Command {
            /// Which command it is.
            #[must_use]
            pub const fn kind(&self) -> CommandKind {
                match self { $(Self::$variant(_) => CommandKind::$variant),* }
            }

            /// Reads the payload of a command from JSON.
            ///
            /// # Errors
            /// The parser's, naming field and place.
            pub fn decode(kind: CommandKind, text: &str) -> Result<Self, json::Error> {
                Ok(match kind { $(CommandKind::$variant => Self::$variant(json::from_str(text)?)),* })
            }

            #[cfg(test)]
            pub(crate) fn decode_small(kind: CommandKind, text: &str) -> Result<Self, json::small::Malformed> {
                Ok(match kind { $(CommandKind::$variant => Self::$variant(json::small::from_str(text)?)),* })
            }
        }

        /// Every command's name with the TypeScript of its payload and of its reply.
        #[cfg(feature = "ts")]
        #[must_use]
        pub fn typescript_commands(
            config: &ts_rs::Config,
            types: &mut impl ts_rs::TypeVisitor,
        ) -> Vec<(&'static str, String, String)> {
            use ts_rs::TS;
            $(types.visit::<$payload>(); types.visit::<$reply>();)*
            vec![$(($name, <$payload>::name(config), <$reply>::name(config))),*]
        }

        impl ToJson for Command {
            fn write(&self, writer: &mut Writer) {
                match self { $(Self::$variant(payload) => payload.write(writer)),* }
            }
        }

        impl Serialize for Command {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(payload) => payload.serialize(serializer)),* }
            }
        }

        /// What a successful command is answered with.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Reply { $($(#[$doc])* $variant($reply)),* }

        impl Reply {
            /// Reads the reply to a command from JSON.
            ///
            /// # Errors
            /// The parser's.
            pub fn decode(kind: CommandKind, text: &str) -> Result<Self, json::Error> {
                Ok(match kind { $(CommandKind::$variant => Self::$variant(json::from_str(text)?)),* })
            }

            #[cfg(test)]
            pub(crate) fn decode_small(kind: CommandKind, text: &str) -> Result<Self, json::small::Malformed> {
                Ok(match kind { $(CommandKind::$variant => Self::$variant(json::small::from_str(text)?)),* })
            }
        }

        impl ToJson for Reply {
            fn write(&self, writer: &mut Writer) {
                match self { $(Self::$variant(reply) => reply.write(writer)),* }
            }
        }

        impl Serialize for Reply {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(reply) => reply.serialize(serializer)),* }
            }
        }
    };
}

/// Payloads that belong to one command only can be sent as they are.
macro_rules! requests {
    ($($variant:ident($payload:ty) -> $reply:ty;)*) => {$(
        impl Request for $payload {
            const KIND: CommandKind = CommandKind::$variant;
            type Reply = $reply;

            fn into_command(self) -> Command {
                Command::$variant(self)
            }

            fn from_reply(reply: Reply) -> Option<$reply> {
                match reply { Reply::$variant(reply) => Some(reply), _ => None }
            }
        }
    )*};
}

commands! {
    /// Enter a room.
    "join-room" => JoinRoom(command::JoinRoom) -> reply::RoomEntered;
    /// End one's membership.
    "leave-room" => LeaveRoom(command::LeaveRoom) -> reply::Changed;
    /// List a room's people.
    "get-room-users" => GetRoomUsers(command::GetRoomUsers) -> reply::RoomUsers;
    /// Post a message.
    "send-message" => SendMessage(command::SendMessage) -> reply::MessageStored;
    /// Change a message's text.
    "edit-message" => EditMessage(command::EditMessage) -> reply::MessageStored;
    /// Delete a message.
    "delete-message" => DeleteMessage(command::DeleteMessage) -> reply::MessageStored;
    /// Move one's read cursor.
    "mark-read" => MarkRead(command::MarkRead) -> reply::Done;
    /// Begin typing.
    "typing-start" => TypingStart(command::TypingStart) -> reply::Done;
    /// Stop typing.
    "typing-stop" => TypingStop(command::TypingStop) -> reply::Done;
    /// Choose how one is seen.
    "update-presence" => UpdatePresence(command::UpdatePresence) -> reply::Done;
    /// Make a room.
    "create-room" => CreateRoom(command::CreateRoom) -> reply::RoomEntered;
    /// Change a room's settings.
    "update-room" => UpdateRoom(command::UpdateRoom) -> reply::RoomChanged;
    /// End a room.
    "delete-room" => DeleteRoom(command::DeleteRoom) -> reply::Changed;
    /// List rooms.
    "list-rooms" => ListRooms(command::ListRooms) -> reply::Rooms;
    /// Bring others in.
    "add-members" => AddMembers(command::AddMembers) -> reply::Changed;
    /// Put somebody out.
    "remove-member" => RemoveMember(command::RemoveMember) -> reply::Changed;
    /// Give a role.
    "set-role" => SetRole(command::SetRole) -> reply::Changed;
    /// Ban somebody.
    "ban-member" => BanMember(command::Sanction) -> reply::Changed;
    /// Lift a ban.
    "unban-member" => UnbanMember(command::Sanction) -> reply::Changed;
    /// Mute somebody.
    "mute-member" => MuteMember(command::Sanction) -> reply::Changed;
    /// Lift a mute.
    "unmute-member" => UnmuteMember(command::Sanction) -> reply::Changed;
    /// React to a message.
    "add-reaction" => AddReaction(command::React) -> reply::MessageStored;
    /// Take a reaction back.
    "remove-reaction" => RemoveReaction(command::React) -> reply::MessageStored;
    /// Pin a message.
    "pin-message" => PinMessage(command::Pin) -> reply::MessageStored;
    /// Unpin a message.
    "unpin-message" => UnpinMessage(command::Pin) -> reply::MessageStored;
    /// Read history.
    "get-messages" => GetMessages(command::GetMessages) -> reply::Messages;
    /// Find messages.
    "search-messages" => SearchMessages(command::SearchMessages) -> reply::Found;
    /// Read a room's cursors.
    "get-receipts" => GetReceipts(command::GetReceipts) -> reply::Receipts;
    /// Catch up.
    "sync" => Sync(command::Sync) -> reply::Synced;
    /// Swap the token.
    "refresh-token" => RefreshToken(command::RefreshToken) -> reply::TokenRefreshed;
    /// Block somebody.
    "block-user" => BlockUser(command::Block) -> reply::Done;
    /// Unblock somebody.
    "unblock-user" => UnblockUser(command::Block) -> reply::Done;
}

requests! {
    JoinRoom(command::JoinRoom) -> reply::RoomEntered;
    LeaveRoom(command::LeaveRoom) -> reply::Changed;
    GetRoomUsers(command::GetRoomUsers) -> reply::RoomUsers;
    SendMessage(command::SendMessage) -> reply::MessageStored;
    EditMessage(command::EditMessage) -> reply::MessageStored;
    DeleteMessage(command::DeleteMessage) -> reply::MessageStored;
    MarkRead(command::MarkRead) -> reply::Done;
    UpdatePresence(command::UpdatePresence) -> reply::Done;
    CreateRoom(command::CreateRoom) -> reply::RoomEntered;
    UpdateRoom(command::UpdateRoom) -> reply::RoomChanged;
    DeleteRoom(command::DeleteRoom) -> reply::Changed;
    ListRooms(command::ListRooms) -> reply::Rooms;
    AddMembers(command::AddMembers) -> reply::Changed;
    RemoveMember(command::RemoveMember) -> reply::Changed;
    SetRole(command::SetRole) -> reply::Changed;
    GetMessages(command::GetMessages) -> reply::Messages;
    SearchMessages(command::SearchMessages) -> reply::Found;
    GetReceipts(command::GetReceipts) -> reply::Receipts;
    Sync(command::Sync) -> reply::Synced;
    RefreshToken(command::RefreshToken) -> reply::TokenRefreshed;
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:literal => $variant:ident($payload:ty);)*) => {
        /// The name of an event of the server's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind { $($(#[$doc])* $variant),* }

        impl EventKind {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The event's name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The event of this name; `None` for one of a newer server.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }

        /// An event of the server's, with its payload.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $variant(Box<$payload>)),* }

        impl Event {
            /// Which event it is.
            #[must_use]
            pub const fn kind(&self) -> EventKind {
                match self { $(Self::$variant(_) => EventKind::$variant),* }
            }

            /// Reads the payload of an event from JSON.
            ///
            /// # Errors
            /// The parser's.
            pub fn decode(kind: EventKind, text: &str) -> Result<Self, json::Error> {
                Ok(match kind { $(EventKind::$variant => Self::$variant(json::from_str(text)?)),* })
            }

            #[cfg(test)]
            pub(crate) fn decode_small(kind: EventKind, text: &str) -> Result<Self, json::small::Malformed> {
                Ok(match kind { $(EventKind::$variant => Self::$variant(json::small::from_str(text)?)),* })
            }
        }

        /// Every event's name with the TypeScript of its payload.
        #[cfg(feature = "ts")]
        #[must_use]
        pub fn typescript_events(
            config: &ts_rs::Config,
            types: &mut impl ts_rs::TypeVisitor,
        ) -> Vec<(&'static str, String)> {
            use ts_rs::TS;
            $(types.visit::<$payload>();)*
            vec![$(($name, <$payload>::name(config))),*]
        }

        impl ToJson for Event {
            fn write(&self, writer: &mut Writer) {
                match self { $(Self::$variant(payload) => payload.write(writer)),* }
            }
        }

        impl Serialize for Event {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(payload) => payload.serialize(serializer)),* }
            }
        }
    };
}

events! {
    /// A message was posted.
    "new-message" => NewMessage(event::NewMessage);
    /// Somebody became a member.
    "user-joined" => UserJoined(event::UserJoined);
    /// Somebody's membership ended.
    "user-left" => UserLeft(event::UserLeft);
    /// Somebody is typing.
    "user-typing" => UserTyping(event::UserTyping);
    /// Somebody stopped typing.
    "user-stopped-typing" => UserStoppedTyping(event::UserStoppedTyping);
    /// Somebody's cursor moved.
    "messages-read" => MessagesRead(event::MessagesRead);
    /// Somebody came online.
    "user-online" => UserOnline(event::UserOnline);
    /// Somebody went offline.
    "user-offline" => UserOffline(event::UserOffline);
    /// A message's text changed.
    "message-edited" => MessageEdited(event::MessageChanged);
    /// A message was deleted.
    "message-deleted" => MessageDeleted(event::MessageChanged);
    /// A message's reactions or pin changed.
    "message-updated" => MessageUpdated(event::MessageUpdated);
    /// Somebody changed between online states.
    "presence-changed" => PresenceChanged(event::PresenceChanged);
    /// How many are online in a large room.
    "occupancy" => Occupancy(event::Occupancy);
    /// A room's settings changed.
    "room-updated" => RoomUpdated(event::RoomUpdated);
    /// A room is no more.
    "room-deleted" => RoomDeleted(event::RoomDeleted);
    /// A member's standing changed.
    "member-updated" => MemberUpdated(event::MemberUpdated);
    /// The receiver came into a room.
    "added-to-room" => AddedToRoom(event::AddedToRoom);
    /// The receiver is out of a room.
    "removed-from-room" => RemovedFromRoom(event::RemovedFromRoom);
    /// Everything to begin with.
    "initial-state" => InitialState(event::InitialState);
    /// The digest of changed rooms.
    "heads" => Heads(event::Heads);
    /// The token is about to run out.
    "token-expiring" => TokenExpiring(event::TokenExpiring);
    /// Access was withdrawn.
    "token-revoked" => TokenRevoked(event::TokenRevoked);
    /// The node is about to stop.
    "server-draining" => ServerDraining(event::ServerDraining);
    /// What the server lacks now.
    "degraded" => Degraded(event::Degraded);
    /// What the server knows of the connection.
    "debug" => Debug(event::Debug);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_kind() {
        for kind in CommandKind::ALL {
            assert_eq!(CommandKind::parse(kind.name()), Some(*kind));
        }
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.name()), Some(*kind));
        }
        assert_eq!(CommandKind::parse("Send-Message"), None);
    }

    #[test]
    fn fixed_shapes_are_taken() {
        let fixed = [
            ("join-room", r#"{"roomId":"general"}"#),
            ("leave-room", r#"{"roomId":"general"}"#),
            ("get-room-users", r#"{"roomId":"general"}"#),
            ("send-message", r#"{"roomId":"general","content":"hi","type":"text"}"#),
            ("mark-read", r#"["m1","m2"]"#),
            ("mark-read", r#"{"roomId":"general","upToSeq":4}"#),
            ("typing-start", r#""general""#),
            ("typing-stop", r#""general""#),
            ("update-presence", r#"{"status":"away"}"#),
        ];
        for (name, json) in fixed {
            let kind = CommandKind::parse(name).expect(name);
            let command = Command::decode(kind, json).expect(json);
            assert_eq!(serde_json::to_string(&command).expect("serializes"), json);
        }
    }

    #[test]
    fn unknown_fields_of_a_client_are_refused() {
        let json = r#"{"roomId":"general","content":"hi","tpye":"text"}"#;
        assert!(Command::decode(CommandKind::SendMessage, json).is_err());
    }

    #[test]
    fn unknown_fields_of_a_server_are_ignored() {
        let json = r#"{"roomId":"general","userId":"u","since":1}"#;
        assert!(Event::decode(EventKind::UserStoppedTyping, json).is_ok());
    }
}
