//! Who is in which rooms, drawn from the seed.

use roomcast_protocol::{RoomId, UserId, model::Visibility};
use roomcast_tests::Dice;

/// The people, their devices and their rooms.
#[derive(Debug)]
pub struct Plan {
    /// Everybody.
    pub users: Vec<UserId>,
    /// Whose each device is.
    pub devices: Vec<usize>,
    /// The rooms.
    pub rooms: Vec<PlannedRoom>,
    /// Most people of a room.
    pub largest: usize,
}

/// A room.
#[derive(Debug)]
pub struct PlannedRoom {
    /// Its id.
    pub id: RoomId,
    /// Whether anybody may join.
    pub visibility: Visibility,
    /// Who made it and stays.
    pub owner: usize,
    /// Who is in it at first, without its owner.
    pub members: Vec<usize>,
}

impl Plan {
    /// For so many devices, with at most so many people in a room.
    ///
    /// # Panics
    /// Never: the ids are good.
    #[must_use]
    pub fn draw(devices: usize, largest: usize, dice: &mut Dice) -> Self {
        let users = (devices * 11 / 20).max(3);
        let mut below = |end: usize| usize::try_from(dice.below(end as u64)).expect("it was one before");
        let owners = (0..devices).map(|n| if n < users { n } else { below(users) }).collect();
        let count = (devices / 5).clamp(4, 40);
        let rooms = (0..count).map(|n| {
            // All, half, a third …, and a few of two or three.
            let size = (users / (n + 1)).min(largest).max(2 + n % 2);
            let owner = below(users);
            let mut members: Vec<usize> = Vec::new();
            while members.len() + 1 < size.min(users) {
                let user = below(users);
                if user != owner && !members.contains(&user) {
                    members.push(user);
                }
            }
            let visibility = if n % 2 == 0 { Visibility::Public } else { Visibility::Private };
            PlannedRoom { id: RoomId::parse(&format!("room-{n}")).expect("a good id"), visibility, owner, members }
        });
        let rooms = rooms.collect();
        let users = (0..users).map(|n| UserId::parse(&format!("user-{n}")).expect("a good id")).collect();
        Self { users, devices: owners, rooms, largest }
    }

    /// The rooms that anybody may join.
    pub fn public(&self) -> impl Iterator<Item = &RoomId> {
        self.rooms.iter().filter(|room| room.visibility == Visibility::Public).map(|room| &room.id)
    }
}
