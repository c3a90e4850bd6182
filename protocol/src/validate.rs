//! What a well-formed command must also keep to. The same checks run in the client, so that a user knows
//! before the network does, and on the server, which trusts nobody.

use crate::{
    Command, ErrorBody, ErrorCode, Json, Limits,
    command::{CreateRoom, MarkRead, SendMessage, UpdateRoom},
    emoji,
    model::{Attachment, MessageType},
};

/// Checks a command against the limits in force.
///
/// # Errors
/// `too_large` where a limit is passed, `bad_request` for everything else; `details.field` names the place.
pub fn command(command: &Command, limits: &Limits) -> Result<(), ErrorBody> {
    match command {
        Command::SendMessage(send) => send_message(send, limits),
        Command::EditMessage(edit) => {
            text("content", &edit.content, limits)?;
            if edit.content.is_empty() { Err(bad("content", "it is empty")) } else { Ok(()) }
        }
        Command::MarkRead(MarkRead::Messages(ids)) => list("messageIds", ids.len(), limits.ids),
        Command::MarkRead(MarkRead::UpTo(_)) => Ok(()),
        Command::UpdatePresence(presence) => line("text", presence.text.as_deref(), limits.topic_bytes),
        Command::CreateRoom(create) => create_room(create, limits),
        Command::UpdateRoom(update) => update_room(update, limits),
        Command::AddMembers(add) => {
            list("userIds", add.user_ids.len(), limits.ids)?;
            if add.user_ids.is_empty() { Err(bad("userIds", "it is empty")) } else { Ok(()) }
        }
        Command::Sync(sync) => list("rooms", sync.rooms.len(), limits.ids),
        Command::ListRooms(rooms) => {
            page(rooms.limit)?;
            line("query", rooms.query.as_deref(), limits.name_bytes)?;
            line("cursor", rooms.cursor.as_deref(), limits.topic_bytes)
        }
        Command::GetRoomUsers(users) => {
            page(users.limit)?;
            line("cursor", users.cursor.as_deref(), limits.topic_bytes)
        }
        Command::GetMessages(messages) => {
            page(messages.limit)?;
            let given = [messages.before.is_some(), messages.after.is_some(), messages.around.is_some()];
            if given.into_iter().filter(|given| *given).count() > 1 {
                return Err(bad("before", "only one of before, after and around can be given"));
            }
            if messages.pinned && messages.thread_id.is_some() {
                return Err(bad("pinned", "it cannot be given beside threadId"));
            }
            Ok(())
        }
        Command::SearchMessages(search) => {
            page(search.limit)?;
            line("query", Some(&search.query), limits.topic_bytes)?;
            if search.query.trim().is_empty() {
                return Err(bad("query", "it is empty"));
            }
            line("cursor", search.cursor.as_deref(), limits.topic_bytes)
        }
        Command::BanMember(sanction)
        | Command::UnbanMember(sanction)
        | Command::MuteMember(sanction)
        | Command::UnmuteMember(sanction) => line("reason", sanction.reason.as_deref(), limits.topic_bytes),
        Command::AddReaction(react) | Command::RemoveReaction(react) => {
            size("emoji", react.emoji.len(), emoji::LONGEST as u64)?;
            if emoji::is_reaction(&react.emoji) {
                Ok(())
            } else {
                Err(bad("emoji", "it is neither one emoji nor a short name like :tada:"))
            }
        }
        Command::JoinRoom(_)
        | Command::LeaveRoom(_)
        | Command::DeleteMessage(_)
        | Command::TypingStart(_)
        | Command::TypingStop(_)
        | Command::DeleteRoom(_)
        | Command::RemoveMember(_)
        | Command::SetRole(_)
        | Command::PinMessage(_)
        | Command::UnpinMessage(_)
        | Command::GetReceipts(_)
        | Command::RefreshToken(_)
        | Command::BlockUser(_)
        | Command::UnblockUser(_) => Ok(()),
    }
}

/// Checks a name of a room or a user: one visible line.
///
/// # Errors
/// `too_large` or `bad_request`.
pub fn name(field: &str, name: &str, limits: &Limits) -> Result<(), ErrorBody> {
    size(field, name.len(), limits.name_bytes)?;
    if name.trim().is_empty() {
        return Err(bad(field, "it is empty"));
    }
    if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(bad(field, "it holds a control or invisible character"));
    }
    Ok(())
}

/// Whether a character hides or reorders what is around it: fine in a message, a disguise in a name.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Brings a text to its canonical composed form (NFC), so that what looks alike is alike.
#[cfg(feature = "unicode")]
#[must_use]
pub fn canonical(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.nfc().collect()
}

fn send_message(send: &SendMessage, limits: &Limits) -> Result<(), ErrorBody> {
    text("content", &send.content, limits)?;
    if send.kind == MessageType::System {
        return Err(bad("type", "only the server writes system messages"));
    }
    if send.content.is_empty() && send.attachments.is_empty() && send.metadata.is_none() {
        return Err(bad("content", "it is empty"));
    }
    list("mentions", send.mentions.len(), limits.mentions)?;
    list("attachments", send.attachments.len(), limits.attachments)?;
    for attachment in &send.attachments {
        check_attachment(attachment)?;
    }
    metadata(send.metadata.as_ref(), limits)
}

fn check_attachment(attachment: &Attachment) -> Result<(), ErrorBody> {
    size("attachments.url", attachment.url.len(), 2_048)?;
    let scheme = attachment.url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("https" | "http")) {
        return Err(bad("attachments.url", "it is neither https nor http"));
    }
    if attachment.url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(bad("attachments.url", "it holds white space or a control character"));
    }
    line("attachments.name", attachment.name.as_deref(), 255)?;
    line("attachments.mime", attachment.mime.as_deref(), 255)?;
    if attachment.size.is_some_and(|size| size >= crate::number::SAFE_END) {
        return Err(bad("attachments.size", "it is 2^53 or more"));
    }
    Ok(())
}

fn metadata(metadata: Option<&Json>, limits: &Limits) -> Result<(), ErrorBody> {
    let Some(json) = metadata else { return Ok(()) };
    size("metadata", json.as_str().len(), limits.metadata_bytes)?;
    if json.is_object() { Ok(()) } else { Err(bad("metadata", "it is not an object")) }
}

fn create_room(create: &CreateRoom, limits: &Limits) -> Result<(), ErrorBody> {
    name("name", &create.name, limits)?;
    line("topic", create.topic.as_deref(), limits.topic_bytes)?;
    list("members", create.members.len(), limits.ids)
}

fn update_room(update: &UpdateRoom, limits: &Limits) -> Result<(), ErrorBody> {
    if let Some(new_name) = &update.name {
        name("name", new_name, limits)?;
    }
    line("topic", update.topic.as_deref(), limits.topic_bytes)
}

fn text(field: &str, text: &str, limits: &Limits) -> Result<(), ErrorBody> {
    size(field, text.len(), limits.text_bytes)?;
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(bad(field, "it holds a control character"));
    }
    graphemes(field, text, limits.text_graphemes)
}

/// A text has no more graphemes than bytes, so only long ones are counted.
#[cfg(feature = "unicode")]
fn graphemes(field: &str, text: &str, limit: u64) -> Result<(), ErrorBody> {
    use unicode_segmentation::UnicodeSegmentation as _;
    if text.len() as u64 <= limit || text.graphemes(true).count() as u64 <= limit {
        return Ok(());
    }
    Err(too_large(field, limit, "characters"))
}

#[cfg(not(feature = "unicode"))]
#[expect(clippy::unnecessary_wraps, reason = "the other build of this function counts")]
fn graphemes(_field: &str, _text: &str, _limit: u64) -> Result<(), ErrorBody> {
    Ok(())
}

fn line(field: &str, text: Option<&str>, limit: u64) -> Result<(), ErrorBody> {
    let Some(text) = text else { return Ok(()) };
    size(field, text.len(), limit)?;
    if text.chars().any(char::is_control) { Err(bad(field, "it holds a control character")) } else { Ok(()) }
}

fn page(limit: Option<u64>) -> Result<(), ErrorBody> {
    if limit == Some(0) { Err(bad("limit", "it is 0")) } else { Ok(()) }
}

fn size(field: &str, bytes: usize, limit: u64) -> Result<(), ErrorBody> {
    if bytes as u64 <= limit { Ok(()) } else { Err(too_large(field, limit, "bytes")) }
}

fn list(field: &str, items: usize, limit: u64) -> Result<(), ErrorBody> {
    if items as u64 <= limit { Ok(()) } else { Err(too_large(field, limit, "items")) }
}

fn too_large(field: &str, limit: u64, unit: &str) -> ErrorBody {
    let message = format!("unable to take {field}; it may have {limit} {unit} at most");
    ErrorBody::new(ErrorCode::TooLarge, message).field(field).limit(limit)
}

fn bad(field: &str, why: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::BadRequest, format!("unable to take {field}; {why}")).field(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CommandKind;

    fn check(kind: CommandKind, json: &str) -> Result<(), ErrorBody> {
        command(&Command::decode(kind, json).expect(json), &Limits::default())
    }

    #[test]
    fn what_is_wrong_is_named() {
        let send = |fields: &str| format!(r#"{{"roomId":"r",{fields},"type":"text"}}"#);
        let cases = [
            (send(r#""content":"""#), ErrorCode::BadRequest, "content"),
            (send(r#""content":"a\u0000b""#), ErrorCode::BadRequest, "content"),
            (send(r#""content":"x","metadata":[]"#), ErrorCode::BadRequest, "metadata"),
            (
                send(r#""content":"x","attachments":[{"url":"javascript:alert(1)"}]"#),
                ErrorCode::BadRequest,
                "attachments.url",
            ),
            (send(&format!(r#""content":"{}""#, "x".repeat(16 * 1024 + 1))), ErrorCode::TooLarge, "content"),
        ];
        for (json, code, field) in cases {
            let error = check(CommandKind::SendMessage, &json).expect_err(&json);
            assert_eq!(error.code, code, "{json}");
            assert_eq!(error.details.and_then(|details| details.field).as_deref(), Some(field));
        }
        assert_eq!(check(CommandKind::SendMessage, &send(r#""content":"a\nb\tc""#)), Ok(()));
    }

    #[test]
    fn names_cannot_disguise_themselves() {
        let limits = Limits::default();
        for bad_name in ["", "  ", "a\u{202e}b", "a\u{200d}b", "a\nb", &"x".repeat(129)] {
            assert!(name("name", bad_name, &limits).is_err(), "{bad_name:?} was taken");
        }
        assert_eq!(name("name", "Zoë 漢字 🙂", &limits), Ok(()));
    }

    #[cfg(feature = "unicode")]
    #[test]
    fn text_is_counted_as_people_see_it() {
        let family = "👨‍👩‍👧‍👦";
        let fits = family.repeat(600);
        let limits = Limits { text_graphemes: 600, ..Limits::default() };
        assert_eq!(text("content", &fits, &limits), Ok(()));
        assert!(text("content", &format!("{fits}!"), &limits).is_err());
        assert_eq!(canonical("e\u{301}"), "é");
    }
}
