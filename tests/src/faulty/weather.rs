//! How a link behaves, in each direction.

use std::time::Duration;

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Passing {
    /// They arrive.
    #[default]
    Through,
    /// They wait, and arrive once this is over.
    Frozen,
    /// They are lost, and all that follows on the same connection: a stream has no holes.
    Swallowed,
    /// So many more arrive on each connection; then it is reset.
    CutAfter(u64),
}

/// One direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    /// How long bytes take.
    pub latency: Duration,
    /// Up to so much longer.
    pub jitter: Duration,
    /// Most bytes a second.
    pub bytes_per_s: Option<u64>,
    /// What becomes of them.
    pub passing: Passing,
}

/// What becomes of new connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// They are made.
    #[default]
    Open,
    /// Nobody listens.
    Refused,
}

/// A whole link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// From whoever connects to the other side.
    pub up: Way,
    /// Back.
    pub down: Way,
    /// New connections.
    pub door: Door,
}

impl Way {
    /// Slow to arrive.
    #[must_use]
    pub fn late(latency: Duration, jitter: Duration) -> Self {
        Self { latency, jitter, ..Self::default() }
    }

    /// Few at a time.
    #[must_use]
    pub fn narrow(bytes_per_s: u64) -> Self {
        Self { bytes_per_s: Some(bytes_per_s), ..Self::default() }
    }

    /// With this done to bytes.
    #[must_use]
    pub fn passing(passing: Passing) -> Self {
        Self { passing, ..Self::default() }
    }
}

impl Weather {
    /// The same in both directions.
    #[must_use]
    pub fn both(way: Way) -> Self {
        Self { up: way, down: way, door: Door::Open }
    }

    /// This way up, and all well back.
    #[must_use]
    pub fn up(way: Way) -> Self {
        Self { up: way, ..Self::default() }
    }

    /// This way back, and all well up.
    #[must_use]
    pub fn down(way: Way) -> Self {
        Self { down: way, ..Self::default() }
    }

    /// Nobody listens.
    #[must_use]
    pub fn refused() -> Self {
        Self { door: Door::Refused, ..Self::default() }
    }
}
