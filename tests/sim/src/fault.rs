//! What breaks: which kinds there are, and which of them a seed gets.

use crate::rng::Rng;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $kind),* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }
        }
    };
}

kinds! {
    /// A connection is cut; both sides learn of it.
    Cut = "cut";
    /// A connection is dead and its client does not know.
    DeafClient = "half-open (client)";
    /// A connection is dead and the server does not know.
    DeafServer = "half-open (server)";
    /// Nothing arrives for a while.
    Stall = "stall";
    /// Everything takes long.
    SlowLink = "slow link";
    /// Attempts to connect vanish.
    Swallow = "connect vanishes";
    /// A device has no network and knows it.
    Offline = "offline";
    /// The server's process dies at any moment.
    Kill = "server killed";
    /// It dies before a commit.
    KillBeforeCommit = "killed before commit";
    /// It dies after a commit, before its acks.
    KillAfterCommit = "killed after commit";
    /// It dies after an ack, before the news.
    KillAfterAck = "killed after ack";
    /// It dies when part of its news is out.
    KillAfterPublish = "killed after publish";
    /// Commits fail.
    CommitFails = "commit fails";
    /// Commits happen and seem to fail.
    CommitUnknown = "commit unknown";
    /// Statements fail.
    Statement = "statement fails";
    /// Commits take seconds.
    SlowCommit = "slow commit";
    /// Reads fail.
    ReadFails = "read fails";
    /// Reads take long.
    SlowRead = "slow read";
    /// The database is restored as it was.
    Restore = "restore";
    /// The database is restored as it was seconds ago.
    RollBack = "restore, rolled back";
    /// A client's wall clock jumps by a day.
    ClientClock = "client clock jump";
    /// The server's wall clock jumps by a day.
    ServerClock = "server clock jump";
    /// Tokens last for seconds.
    ShortTokens = "short tokens";
    /// The token provider fails.
    ProviderFails = "provider fails";
    /// The token provider does not answer.
    ProviderHangs = "provider hangs";
    /// A client dies and starts again.
    ClientCrash = "client crash";
    /// Another tab takes over the outbox, while the last words of the first are still on their way.
    Takeover = "tab takes over";
    /// A client's storage is full.
    StorageFull = "storage full";
    /// A client's storage is slow.
    StorageSlow = "storage slow";
    /// The server goes down in order.
    Drain = "drain";
    /// Broadcasts do not reach a connection.
    Lost = "broadcast lost";
    /// Broadcasts come twice.
    Doubled = "broadcast doubled";
    /// Broadcasts are overtaken.
    Late = "broadcast late";
    /// The last broadcasts before everything heals do not reach a connection.
    LostLast = "last broadcast lost";
    /// Frames between nodes are lost.
    FrameLost = "bus frame lost";
    /// Frames between nodes come twice.
    FrameDoubled = "bus frame doubled";
    /// Frames between nodes are overtaken.
    FrameLate = "bus frame late";
    /// The last frames before everything heals do not reach a node.
    FrameLostLast = "last bus frame lost";
    /// The bus is away, for all nodes.
    BusDown = "bus down";
    /// One node does not reach the bus.
    Partitioned = "node cut off from the bus";
    /// A node dies and stays away for a while, the others live.
    NodeAway = "node killed, stays away";
    /// A node does not run for a while, and its sockets stay.
    Frozen = "node frozen";
}

/// Something that breaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    /// What.
    pub kind: Kind,
    /// When.
    pub at: u64,
    /// Until when.
    pub until: u64,
    /// Whose.
    pub device: usize,
    /// At which node.
    pub node: usize,
}

impl Kind {
    /// Whether it takes more than one node.
    const fn needs_nodes(self) -> bool {
        matches!(
            self,
            Self::FrameLost
                | Self::FrameDoubled
                | Self::FrameLate
                | Self::FrameLostLast
                | Self::BusDown
                | Self::Partitioned
                | Self::NodeAway
                | Self::Frozen
        )
    }

    /// Whether it stands at the end of all trouble.
    const fn is_last(self) -> bool {
        matches!(self, Self::LostLast | Self::FrameLostLast)
    }
}

/// What breaks in a seed between two moments.
#[must_use]
pub(crate) fn plan(rng: &mut Rng, devices: usize, nodes: usize, from: u64, to: u64) -> Vec<Fault> {
    let count = rng.range(0, 9);
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| nodes > 1 || !kind.needs_nodes()).collect();
    let mut faults: Vec<Fault> = (0..count)
        .map(|_| {
            let kind = *rng.pick(&kinds).expect("there are kinds");
            let at = rng.range(from, to - 500);
            let most = match kind {
                Kind::ProviderFails | Kind::ProviderHangs => 3_000,
                // Beyond the lease of its node, too.
                Kind::NodeAway | Kind::Frozen => 25_000,
                Kind::Offline | Kind::Swallow | Kind::Stall => 6_000,
                _ => 10_000,
            };
            let until = (at + rng.range(200, most)).min(to);
            let device = usize::try_from(rng.below(devices as u64)).unwrap_or_default();
            let at = if kind.is_last() { to - rng.range(500, 1_500) } else { at };
            let until = if kind.is_last() { to } else { until };
            let node = if nodes == 1 { 0 } else { usize::try_from(rng.below(nodes as u64)).unwrap_or_default() };
            Fault { kind, at, until, device, node }
        })
        .collect();
    faults.sort_by_key(|fault| fault.at);
    faults
}
