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
    /// An echo leaves its send in the outbox (G-9).
    EchoNotMerged = "echo not merged";
    /// The last words of an old socket count (G-9).
    StaleFrame = "stale frame applied";
    /// A send goes out before it is stored (G-11).
    SentUnstored = "outbox not persisted before sending";
    /// What was stored last is not taken in again (G-11).
    ItemForgotten = "outbox item forgotten on reload";
    /// Missing changes are not asked for (G-9).
    GapNotAsked = "gap never asked for";
    /// An older delta is taken for a newer one (G-9).
    DeltaUnchecked = "delta applied without a look at its rev";
    /// A change is taken out of its turn (G-9).
    OutOfTurn = "change applied out of turn";
    /// Changes that waited for one before them never take effect (G-9).
    HeldDropped = "held changes dropped";
    /// Others' cursors may go back (G-12).
    CursorBack = "cursor moves back on the screen";
    /// Own messages are unread (G-12).
    OwnUnread = "unread counts own messages";
    /// Who stopped typing unheard types for ever (G-14).
    EndlessTyping = "typing never expires (client)";
    /// A second connection is opened beside the first.
    TwoConnections = "two connections at once";
    /// A token is used that is known to have run out (G-16).
    ExpiredToken = "expired token used";
    /// A refused token is used again (G-16).
    RefusedToken = "refused token used again";
    /// A lost connection is the end.
    NoReconnect = "reconnect never";
    /// Another life of the database is taken for the same (G-10).
    EpochIgnored = "epoch change ignored by the client";
    /// A send carries no id of its own (G-4).
    NoClientId = "send without clientId";
    /// A send does not name the one before it (G-11).
    AfterNotSaid = "`after` not said";
    /// A resume claims one change more than was seen (G-10).
    ResumeAhead = "resume claims too much";
    /// Silence is no sign (half-open connections).
    SilenceBorne = "silence never ends a connection";
    /// A provider that does not answer is waited for for ever (G-16).
    TokenAwaited = "token provider awaited for ever";
    /// Presence of before a reconnect stays (G-13).
    PresenceKept = "stale presence kept over a reconnect";
    /// An answer is given twice.
    ResolvedTwice = "a command resolved twice";
    /// A change that is refused for good is tried again and again, and shown (G-11).
    RefusedChangeKept = "refused edit kept";
}

/// Whether a bug can be planted in this build.
pub const PLANTABLE: bool = cfg!(feature = "mutants");

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
