//! Values for tests.

use roomcast_protocol::{
    MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    model::{Message, MessageType},
};

/// A message of this author at this place, which is also its `rev`.
pub(crate) fn message(room: &str, user: &str, seq: u64) -> Message {
    Message {
        id: MessageId::parse(&format!("{room}-{seq}")).unwrap(),
        room_id: RoomId::parse(room).unwrap(),
        user_id: UserId::parse(user).unwrap(),
        client_id: None,
        kind: MessageType::Text,
        content: format!("message {seq}"),
        seq: Seq::new(seq),
        rev: Rev::new(seq),
        version: 1,
        created_at: Timestamp::new(1_700_000_000_000 + seq),
        edited_at: None,
        deleted_at: None,
        reply_to: None,
        thread_id: None,
        thread: None,
        mentions: Vec::new(),
        attachments: Vec::new(),
        reactions: Vec::new(),
        pinned_at: None,
        metadata: None,
    }
}
