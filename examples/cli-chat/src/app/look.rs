//! What is shown of people.

use std::cmp::Reverse;

use roomcast_client::{
    protocol::model::{RoomUser, Status, Typist},
    view::RoomView,
};

use crate::text;

/// The members, those who are there first, then by name.
pub(crate) fn members(room: &RoomView) -> Vec<&RoomUser> {
    let mut members: Vec<_> = room.members.values().map(AsRef::as_ref).collect();
    members.sort_by_key(|member| (Reverse(is_here(member.status)), member.username.to_lowercase()));
    members
}

/// Whether somebody is connected, as far as is known.
pub(crate) const fn is_here(status: Status) -> bool {
    matches!(status, Status::Online | Status::Away | Status::Busy)
}

/// Who is typing, in words; empty where nobody is.
pub(crate) fn typing(typists: &[Typist]) -> String {
    let name = |typist: &Typist| text::fit(&typist.username, 24);
    match typists {
        [] => String::new(),
        [one] => format!("{} is typing…", name(one)),
        [one, two] => format!("{} and {} are typing…", name(one), name(two)),
        [one, two, three] => format!("{}, {} and {} are typing…", name(one), name(two), name(three)),
        many => format!("{} people are typing…", many.len()),
    }
}

/// How long ago, in words.
pub(crate) fn ago(at_ms: u64, now_ms: u64) -> String {
    let minutes = now_ms.saturating_sub(at_ms) / 60_000;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1_440 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use roomcast_client::protocol::UserId;

    use super::*;

    #[test]
    fn typing_is_told_for_one_two_and_many() {
        let people: Vec<_> = ["ann", "bob", "cat", "dan"]
            .map(|name| Typist { user_id: UserId::parse(name).unwrap(), username: name.to_owned() })
            .into();
        assert_eq!(typing(&[]), "");
        assert_eq!(typing(&people[..1]), "ann is typing…");
        assert_eq!(typing(&people[..2]), "ann and bob are typing…");
        assert_eq!(typing(&people[..3]), "ann, bob and cat are typing…");
        assert_eq!(typing(&people), "4 people are typing…");
    }
}
