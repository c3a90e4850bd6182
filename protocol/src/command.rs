//! The payloads that clients send. Unknown fields are refused: a typo must not be silently ignored.

use std::{borrow::Cow, fmt};

use crate::json::small::{FromJson, Malformed, Reader, ToJson};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};

use crate::{
    ClientId, Epoch, Json, MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    collections::BTreeMap,
    model::{Attachment, Availability, MessageType, Role, Visibility},
};

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($body)* }
    };
}

payload!(
    /// Enter a room, or open one that the caller is in already.
    JoinRoom {
        /// Which.
        pub room_id: RoomId,
    }
);
payload!(
    /// End one's membership.
    LeaveRoom {
        /// Which room.
        pub room_id: RoomId,
    }
);
payload!(
    /// Who is online in a room; with `all`, every member, in pages.
    GetRoomUsers {
        /// Which room.
        pub room_id: RoomId,
        /// Every member, not only those online.
        #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub all: bool,
        /// Where the last page ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
        /// Most entries of a page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u64>,
    }
);
payload!(
    /// Post a message.
    SendMessage {
        /// Where.
        pub room_id: RoomId,
        /// The text; may be empty where attachments say it.
        pub content: String,
        /// What it is.
        #[serde(rename = "type", default)]
        #[cfg_attr(feature = "ts", ts(as = "Option<MessageType>", optional))]
        pub kind: MessageType,
        /// The sender's own id: the same again is the same message, for ever (G-4).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub client_id: Option<ClientId>,
        /// The sender's message before this one in this room, where it was not acknowledged yet: without it there,
        /// this one is refused with `unavailable`. So a refusal in a pipeline does not cost the order (G-11).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<ClientId>,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reply_to: Option<MessageId>,
        /// The first message of the thread that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub thread_id: Option<MessageId>,
        /// Who is called by name.
        #[cfg_attr(feature = "ts", ts(as = "Option<Vec<UserId>>", optional))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub mentions: Vec<UserId>,
        /// What comes with it.
        #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Attachment>>", optional))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub attachments: Vec<Attachment>,
        /// The application's own object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub metadata: Option<Json>,
    }
);

impl SendMessage {
    /// A message that is no more than a text.
    #[must_use]
    pub fn text(room_id: RoomId, content: impl Into<String>) -> Self {
        Self {
            room_id,
            content: content.into(),
            kind: MessageType::Text,
            client_id: None,
            after: None,
            reply_to: None,
            thread_id: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            metadata: None,
        }
    }
}

payload!(
    /// Change a message's text.
    EditMessage {
        /// Which.
        pub message_id: MessageId,
        /// The new text.
        pub content: String,
        /// Refuse with `conflict` where the message has moved on from this version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub if_version: Option<u64>,
    }
);
payload!(
    /// Delete a message; its place stays.
    DeleteMessage {
        /// Which.
        pub message_id: MessageId,
    }
);

/// Say how far one has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum MarkRead {
    /// Up to the newest of these messages, in each of their rooms.
    Messages(Vec<MessageId>),
    /// Up to this place in this room.
    UpTo(ReadUpTo),
}

/// By its first sign, where serde's `untagged` would read the whole into a tree first.
impl<'de> Deserialize<'de> for MarkRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrPlace;

        impl<'de> Visitor<'de> for ListOrPlace {
            type Value = MarkRead;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of message ids, or a room and a place in it")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, ids: A) -> Result<MarkRead, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(ids)).map(MarkRead::Messages)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut place: A) -> Result<MarkRead, A::Error> {
                let (mut room_id, mut up_to_seq) = (None, None);
                while let Some(key) = place.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "roomId" if room_id.is_none() => room_id = Some(place.next_value()?),
                        "upToSeq" if up_to_seq.is_none() => up_to_seq = Some(place.next_value()?),
                        _ => return Err(A::Error::custom("unable to use the place; it is roomId and upToSeq")),
                    }
                }
                let missing = |field| move || A::Error::missing_field(field);
                Ok(MarkRead::UpTo(ReadUpTo {
                    room_id: room_id.ok_or_else(missing("roomId"))?,
                    up_to_seq: up_to_seq.ok_or_else(missing("upToSeq"))?,
                }))
            }
        }

        deserializer.deserialize_any(ListOrPlace)
    }
}

impl FromJson<'_> for MarkRead {
    fn blank() -> Self {
        Self::Messages(Vec::new())
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = match reader.peek() {
            b'[' => Self::Messages(FromJson::take(reader)?),
            _ => Self::UpTo(FromJson::take(reader)?),
        };
        Ok(())
    }
}

payload!(
    /// A place in a room.
    ReadUpTo {
        /// Which room.
        pub room_id: RoomId,
        /// Up to and including this message.
        pub up_to_seq: Seq,
    }
);

/// The caller is typing in this room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct TypingStart(pub RoomId);

/// The caller has stopped typing in this room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct TypingStop(pub RoomId);

payload!(
    /// Choose how one is seen.
    UpdatePresence {
        /// The choice.
        pub status: Availability,
        /// A few words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub text: Option<String>,
    }
);
payload!(
    /// Make a room; the caller becomes its owner.
    CreateRoom {
        /// The wished id; without one the server makes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub room_id: Option<RoomId>,
        /// Shown name.
        pub name: String,
        /// Who finds it.
        pub visibility: Visibility,
        /// Who else is in it from the start.
        #[cfg_attr(feature = "ts", ts(as = "Option<Vec<UserId>>", optional))]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub members: Vec<UserId>,
        /// What it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub topic: Option<String>,
        /// Rules that differ from the defaults.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub policy: Option<PolicyPatch>,
    }
);
payload!(
    /// The rules to set; those left out stay.
    #[derive(Default)]
    PolicyPatch {
        /// From which role on one may post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub who_may_post: Option<Role>,
        /// From which role on one may add others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub who_may_invite: Option<Role>,
        /// From which role on one may pin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub who_may_pin: Option<Role>,
        /// Least time between two messages of one member, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub slow_mode_ms: Option<u64>,
        /// How long an author may edit, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub edit_window_ms: Option<u64>,
        /// Most members.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub max_members: Option<u64>,
    }
);
payload!(
    /// Change a room's settings; those left out stay. An empty topic takes it away.
    UpdateRoom {
        /// Which.
        pub room_id: RoomId,
        /// Shown name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// What it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub topic: Option<String>,
        /// Rules to set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub policy: Option<PolicyPatch>,
    }
);
payload!(
    /// End a room.
    DeleteRoom {
        /// Which.
        pub room_id: RoomId,
    }
);

/// Which rooms to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum RoomScope {
    /// Those that the caller is in.
    Mine,
    /// Those that anybody may join.
    Public,
}

payload!(
    /// List rooms, in pages.
    ListRooms {
        /// Which.
        pub scope: RoomScope,
        /// Only those whose name holds this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub query: Option<String>,
        /// Where the last page ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
        /// Most entries of a page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u64>,
    }
);
payload!(
    /// Bring others into a room.
    AddMembers {
        /// Which room.
        pub room_id: RoomId,
        /// Whom.
        pub user_ids: Vec<UserId>,
    }
);
payload!(
    /// Put somebody out of a room.
    RemoveMember {
        /// Which room.
        pub room_id: RoomId,
        /// Whom.
        pub user_id: UserId,
    }
);
payload!(
    /// Give a member a role.
    SetRole {
        /// Which room.
        pub room_id: RoomId,
        /// Whom.
        pub user_id: UserId,
        /// What they become.
        pub role: Role,
    }
);
payload!(
    /// Ban, unban, mute or unmute somebody in a room.
    Sanction {
        /// Which room.
        pub room_id: RoomId,
        /// Whom.
        pub user_id: UserId,
        /// Why, for the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// Until when; without it, until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub until_ms: Option<Timestamp>,
    }
);
payload!(
    /// Add or take back one's reaction.
    React {
        /// To which message.
        pub message_id: MessageId,
        /// With what.
        pub emoji: String,
        /// The newest change of the room that is known. Refuse with `conflict` where one's own reaction has been changed
        /// behind it: an attempt that comes late must not undo what was wanted since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub if_rev: Option<Rev>,
    }
);
payload!(
    /// Pin or unpin a message.
    Pin {
        /// Which.
        pub message_id: MessageId,
    }
);
/// A message of a room, by its place or by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Place {
    /// The n-th.
    Seq(Seq),
    /// The one of this id.
    Message(MessageId),
}

impl FromJson<'_> for Place {
    fn blank() -> Self {
        Self::Seq(FromJson::blank())
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = match reader.peek() {
            b'"' => Self::Message(FromJson::take(reader)?),
            _ => Self::Seq(FromJson::take(reader)?),
        };
        Ok(())
    }
}

impl From<Seq> for Place {
    fn from(seq: Seq) -> Self {
        Self::Seq(seq)
    }
}

impl From<MessageId> for Place {
    fn from(id: MessageId) -> Self {
        Self::Message(id)
    }
}

payload!(
    /// Read history: the page before, after, or around a place; the newest page without any.
    GetMessages {
        /// Which room.
        pub room_id: RoomId,
        /// Older than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<Seq>,
        /// Newer than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<Seq>,
        /// On both sides of this, and this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub around: Option<Place>,
        /// Only of this thread, with the message that it hangs on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub thread_id: Option<MessageId>,
        /// Only those that are pinned.
        #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub pinned: bool,
        /// Most messages of the page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u64>,
    }
);
payload!(
    /// Find messages by their words.
    SearchMessages {
        /// Only in this room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub room_id: Option<RoomId>,
        /// The words.
        pub query: String,
        /// Where the last page ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
        /// Most messages of a page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u64>,
    }
);
payload!(
    /// Read the cursors of a room.
    GetReceipts {
        /// Which room.
        pub room_id: RoomId,
    }
);
payload!(
    /// What happened since these revs (G-10).
    Sync {
        /// The database's life that they belong to.
        pub epoch: Epoch,
        /// The newest change of each room that the client has applied.
        pub rooms: BTreeMap<RoomId, Rev>,
    }
);

/// Swap the connection's token for a fresh one of the same user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshToken {
    /// A JSON Web Token.
    pub token: String,
}

/// A token never shows, wherever the value is printed.
impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshToken").finish_non_exhaustive()
    }
}

payload!(
    /// Block or unblock somebody: who is blocked cannot bring the caller into a room.
    Block {
        /// Whom.
        pub user_id: UserId,
    }
);
