//! Every payload of every command, reply and event.

use roomcast_protocol::{
    Command, CommandKind, Event, EventKind, Limits, ack,
    handshake::{Auth, Refusal},
    validate,
};

/// The first byte chooses what the rest is taken for.
///
/// # Panics
/// Where a decoder does, or where a round trip changes something.
pub fn payloads(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(json) = std::str::from_utf8(rest) else { return };
    let choice = usize::from(*choice);
    let commands = CommandKind::ALL.len();
    if let Some(kind) = CommandKind::ALL.get(choice % 128).copied() {
        let _ = ack::decode(kind, json);
        if let Ok(command) = Command::decode(kind, json) {
            let _ = validate::command(&command, &Limits::default());
            let again = serde_json::to_string(&command).expect("a command that was read can be written");
            assert_eq!(Command::decode(kind, &again).expect("and read again"), command);
        }
    } else if let Some(kind) = EventKind::ALL.get((choice % 128).saturating_sub(commands)).copied() {
        if let Ok(event) = Event::decode(kind, json) {
            let again = serde_json::to_string(&event).expect("an event that was read can be written");
            assert_eq!(Event::decode(kind, &again).expect("and read again"), event);
        }
    } else {
        let _ = serde_json::from_str::<Auth>(json);
        let _ = Refusal::parse(json);
    }
}
