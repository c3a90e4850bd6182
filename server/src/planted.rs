//! Bugs planted on purpose, so that the simulator can show that it finds them (`docs/adr/0005`). Without the feature
//! `mutants`, which only the simulator's own build has, none is ever there: the question is a constant.

macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident = $name:literal;)*) => {
        /// A bug that can be planted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Bug { $($(#[$doc])* $bug),* }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$bug),*];

            /// Its name in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$bug => $name),* }
            }
        }
    };
}

bugs! {
    /// The same `clientId` again makes another message (G-4).
    NoDeduplication = "deduplication skipped";
    /// What was handed in is answered as if it were durable (G-3).
    AckBeforeCommit = "ack before commit";
    /// News goes out before it is durable (G-3). It stands in the store, which the simulator models.
    PublishBeforeCommit = "ack and publish before commit";
    /// A resume leaves out the first change (G-10).
    ResumeOffByOne = "off by one in resume";
    /// No digest of heads (G-8).
    NoHeads = "no heads digest";
    /// Memberships are left out of a resume from the tail (G-7).
    TailSkipsMembers = "tail skips memberships";
    /// Whoever knows the room may post (G-2).
    MembershipUnchecked = "membership not checked at commit";
    /// An edit leaves the room's `rev` as it was (G-1).
    EditWithoutRev = "edit takes no rev";
    /// `after` means nothing (G-11).
    AfterIgnored = "`after` ignored";
    /// A lost transport counts as gone at once (G-13).
    NoGrace = "presence grace skipped";
    /// Whoever is gone stays online (G-13).
    EndlessGrace = "presence grace never ends";
    /// A command that fails gets no ack.
    NoAnswer = "a refusal not answered";
    /// What was told during an arrival is dropped (G-10).
    ArrivingDropped = "arriving buffer not flushed";
    /// A client of another life of the database gets a delta (G-10).
    EpochIgnored = "epoch ignored by the server";
    /// What an unknown commit did is not read back (G-4).
    UnsureForgotten = "unknown commit not read back";
    /// A read mark may lie behind the one before (G-12).
    CursorBack = "cursor moves back in the database";
    /// A connection lives on without a token (G-16).
    TokenNeverExpires = "connection outlives its token";
    /// A new member's presence is not told (G-13).
    NotIntroduced = "new member not introduced";
    /// Who was put out still hears the room.
    StillSubscribed = "removed member stays subscribed";
    /// What is told twice is delivered twice (G-7).
    DuplicatesTold = "news in any order";
    /// A hole is never filled (G-7).
    HoleNotFilled = "hole not filled";
    /// Whoever is out in what fills a hole stays (G-7).
    FillKeepsMembers = "fill leaves removals out";
    /// A room is not compared with the database (G-8).
    HeadsUnchecked = "heads not compared";
    /// An attempt of a reaction that comes late undoes what was wanted since (G-4).
    LateReaction = "late reaction taken";
    /// A node that is not heard lives for ever (G-13).
    EndlessLease = "lease of a node never ends";
    /// Typing has no end on the server (G-14).
    EndlessTyping = "typing never expires (server)";
}

#[cfg(feature = "mutants")]
mod chosen {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug for all that runs in this thread from here on, in place of the one before.
    pub fn plant(bug: Option<Bug>) {
        CHOSEN.set(bug);
    }

    /// Whether this bug is planted.
    #[must_use]
    pub fn has(bug: Bug) -> bool {
        CHOSEN.get() == Some(bug)
    }
}

#[cfg(feature = "mutants")]
pub use chosen::{has, plant};

/// Whether this bug is planted: never.
#[cfg(not(feature = "mutants"))]
#[must_use]
pub const fn has(_: Bug) -> bool {
    false
}
