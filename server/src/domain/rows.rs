//! Rows, as every store keeps them.

use roomcast_protocol::{
    Rev, Seq, Timestamp, UserId,
    model::{Member, Message, Room},
    permit::Actor,
};

/// A room and what only the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    /// The room.
    pub room: Room,
    /// Who made it.
    pub created_by: UserId,
    /// The change that last touched its settings.
    pub settings_rev: Rev,
    /// Since when it is no more. Its row stays, so that its id is not taken again.
    pub deleted_at: Option<Timestamp>,
}

/// A user's reaction to a message with one emoji.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReactionRow {
    /// Whether it stands. One that was taken back is remembered, for attempts that come late.
    pub given: bool,
    /// The room's `rev` when it was last given or taken back.
    pub rev: Rev,
}

/// A membership, ended ones among them, and what only the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The membership.
    pub member: Member,
    /// The change by which they last came in. What was said before it and after they had left was not for them.
    pub entered_rev: Rev,
    /// How far they have read.
    pub read_seq: Seq,
    /// The room's `rev` when the cursor last moved (G-12).
    pub read_rev: Rev,
    /// Not allowed in until then.
    pub banned_until: Option<Timestamp>,
    /// Their last post, kept only in rooms with slow mode.
    pub last_post_at: Option<Timestamp>,
}

impl MemberRow {
    /// Whether the membership holds.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.member.left_at.is_none()
    }

    /// The member as the permission rules see them.
    #[must_use]
    pub fn actor(&self, admin: bool) -> Actor {
        Actor {
            role: self.is_active().then_some(self.member.role),
            admin,
            banned_until: self.banned_until,
            muted_until: self.member.muted_until,
            last_post_at: self.last_post_at,
        }
    }
}

/// A message and what only the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The message.
    pub message: Message,
    /// Digest of what was first sent, kept past edits and deletion: by it a repeated send is told from another
    /// one under the same `clientId` (G-4).
    pub digest: String,
}
