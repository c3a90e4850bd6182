//! Who is called by name.

use roomcast_client::{protocol::UserId, view::RoomView};

/// The members whose name or id stands behind an `@`.
pub(crate) fn mentions(text: &str, room: &RoomView) -> Vec<UserId> {
    let text = text.to_lowercase();
    let called = room.members.values().filter(|member| {
        calls(&text, &member.username.to_lowercase()) || calls(&text, &member.user_id.as_str().to_lowercase())
    });
    called.map(|member| member.user_id.clone()).collect()
}

fn calls(text: &str, name: &str) -> bool {
    let at_name = format!("@{name}");
    let ends = |place: usize| !text[place + at_name.len()..].starts_with(|next: char| next.is_alphanumeric());
    !name.is_empty() && text.match_indices(&at_name).any(|(place, _)| ends(place))
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn a_name_is_called_as_a_whole_word() {
        assert!(calls("hi @bob!", "bob"));
        assert!(calls("@bobby and @bob", "bob"));
        assert!(!calls("hi bob", "bob"));
        assert!(!calls("@bobby", "bob"));
        assert!(!calls("@", ""));
    }
}
