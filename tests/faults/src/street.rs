//! What happens between clients and the house.

use std::time::Duration;

use roomcast_tests::{
    Dice,
    faulty::{Link, Passing, Way, Weather},
};

/// A fault of a client's own link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nuisance {
    /// It is far away.
    Far,
    /// A few bytes a second.
    Trickling,
    /// A few kilobytes a second.
    Narrow,
    /// Nothing passes for a while.
    Frozen,
    /// What it says is lost.
    Mute,
    /// What it is told is lost.
    Deaf,
    /// It is reset.
    Reset,
    /// It ends at some byte, and again.
    Torn,
    /// Nobody listens.
    Refused,
    /// The program is killed, and starts again from its outbox.
    Killed,
}

impl Nuisance {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Far,
        Self::Trickling,
        Self::Narrow,
        Self::Frozen,
        Self::Mute,
        Self::Deaf,
        Self::Reset,
        Self::Torn,
        Self::Refused,
        Self::Killed,
    ];

    /// Does it to a link.
    pub fn strike(self, link: &Link, dice: &mut Dice) {
        link.set(match self {
            Self::Far => Weather::both(Way::late(Duration::from_millis(200), Duration::from_millis(300))),
            Self::Trickling => Weather::both(Way::narrow(100)),
            Self::Narrow => Weather::both(Way::narrow(4_000)),
            Self::Frozen => Weather::both(Way::passing(Passing::Frozen)),
            Self::Mute => Weather::up(Way::passing(Passing::Swallowed)),
            Self::Deaf => Weather::down(Way::passing(Passing::Swallowed)),
            Self::Torn => Weather {
                up: Way::passing(Passing::CutAfter(300 + dice.below(3_000))),
                down: Way::passing(Passing::CutAfter(300 + dice.below(30_000))),
                ..Weather::default()
            },
            Self::Refused => Weather::refused(),
            Self::Reset | Self::Killed => Weather::default(),
        });
        if matches!(self, Self::Reset | Self::Refused) {
            link.reset();
        }
    }
}
