//! What a decision tells of one room: the least that can be put in order.

use std::collections::BTreeMap;

use roomcast_protocol::{Rev, RoomId};
use serde::{Deserialize, Serialize};

use super::News;

/// All that one decision tells of one room. A decision may take several changes, and several pieces of its news may
/// be of the same one, so that a single piece has no place of its own in the room's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unit {
    /// Which room.
    pub room: RoomId,
    /// The first and the last change that it is of; `None` for what stands beside the log.
    pub revs: Option<(Rev, Rev)>,
    /// What to tell, in order.
    pub news: Vec<News>,
}

impl Unit {
    /// A decision's news, room by room, in order. What stands beside the log is a unit of its own.
    #[must_use]
    pub fn of(news: Vec<News>) -> Vec<Self> {
        let mut units: Vec<Self> = Vec::new();
        let mut places = BTreeMap::<RoomId, usize>::new();
        for piece in news {
            let room = piece.room().clone();
            let Some(rev) = piece.rev() else {
                units.push(Self { room, revs: None, news: vec![piece] });
                continue;
            };
            let place = *places.entry(room.clone()).or_insert(units.len());
            match units.get_mut(place) {
                Some(unit) => {
                    let (first, last) = unit.revs.unwrap_or((rev, rev));
                    unit.revs = Some((first.min(rev), last.max(rev)));
                    unit.news.push(piece);
                }
                None => units.push(Self { room, revs: Some((rev, rev)), news: vec![piece] }),
            }
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use roomcast_protocol::{Event, Seq, UserId, event::MessagesRead, event::UserLeft};

    use super::*;
    use crate::domain::Audience;

    fn room(id: &str) -> RoomId {
        RoomId::parse(id).expect("a good id")
    }

    fn left(id: &str, rev: u64) -> News {
        let user_id = UserId::parse("u").expect("a good id");
        let told = UserLeft { room_id: room(id), user_id, rev: Rev::new(rev) };
        News::Room {
            room: room(id),
            audience: Audience::Room,
            rev: Some(Rev::new(rev)),
            event: Event::UserLeft(Box::new(told)),
            skip_author: false,
        }
    }

    fn read(id: &str) -> News {
        let told = MessagesRead {
            user_id: UserId::parse("u").expect("a good id"),
            message_ids: Vec::new(),
            room_id: room(id),
            read_seq: Seq::new(3),
        };
        let event = Event::MessagesRead(Box::new(told));
        News::Room { room: room(id), audience: Audience::Room, rev: None, event, skip_author: true }
    }

    #[test]
    fn news_of_one_room_is_one_unit_and_cursors_stand_beside_it() {
        let units = Unit::of(vec![left("a", 5), left("b", 9), read("a"), left("a", 6), left("a", 6)]);
        let told = |unit: &Unit| (unit.room.as_str().to_owned(), unit.revs.map(|(a, b)| (a.value(), b.value())));
        let told: Vec<_> = units.iter().map(|unit| (told(unit), unit.news.len())).collect();
        let name = str::to_owned;
        assert_eq!(told, [((name("a"), Some((5, 6))), 3), ((name("b"), Some((9, 9))), 1), ((name("a"), None), 1)]);
    }

    #[test]
    fn a_unit_travels() {
        let unit = Unit::of(vec![left("a", 5)]).remove(0);
        let text = serde_json::to_string(&unit).expect("it has string keys");
        let back: Unit = serde_json::from_str(&text).expect("what was written reads");
        assert_eq!(format!("{back:?}"), format!("{unit:?}"));
        let unknown = text.replace("user-left", "user-levitated");
        assert!(serde_json::from_str::<Unit>(&unknown).is_err(), "an event of a newer node");
    }
}
