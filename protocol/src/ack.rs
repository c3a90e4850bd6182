//! Acknowledgements: exactly one for every command that asks for one.

use crate::json::FromJson;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{CommandKind, ErrorBody, ErrorCode, Reply, json};

/// The outcome of a command.
pub type Ack = Result<Reply, ErrorBody>;

#[derive(Serialize)]
struct Success<'a> {
    success: bool,
    #[serde(flatten)]
    reply: &'a Reply,
}

#[derive(Serialize)]
struct Failure<'a> {
    success: bool,
    error: &'a ErrorBody,
}

#[derive(Deserialize, FromJson)]
struct Head {
    success: bool,
    #[serde(default)]
    error: Option<ErrorBody>,
}

/// Writes `{success: true, …}` or `{success: false, error}`.
#[must_use]
pub fn encode(ack: &Ack) -> Box<RawValue> {
    let written = match ack {
        Ok(reply) => serde_json::value::to_raw_value(&Success { success: true, reply }),
        Err(error) => serde_json::value::to_raw_value(&Failure { success: false, error }),
    };
    written.expect("replies have string keys and no failing serializers")
}

/// Reads the answer to a command of this kind.
///
/// A reply that cannot be read is an `internal` error: the command may well have taken effect, so the caller
/// treats it like any other unknown outcome.
///
/// # Errors
/// The server's own error, or `internal` for an unreadable answer.
pub fn decode(kind: CommandKind, raw: &str) -> Ack {
    let unreadable = |_| ErrorBody::new(ErrorCode::Internal, "unable to read the acknowledgement; it is malformed");
    let head: Head = json::from_str(raw).map_err(unreadable)?;
    if head.success {
        return Reply::decode(kind, raw).map_err(unreadable);
    }
    Err(head.error.unwrap_or_else(|| {
        ErrorBody::new(ErrorCode::Internal, "unable to read the acknowledgement; it names no error")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rev, reply};

    #[test]
    fn both_outcomes_survive_the_wire() {
        let good: Ack = Ok(Reply::LeaveRoom(reply::Changed { rev: Some(Rev::new(7)) }));
        let raw = encode(&good);
        assert_eq!(raw.get(), r#"{"success":true,"rev":7}"#);
        assert_eq!(decode(CommandKind::LeaveRoom, raw.get()), good);

        let bad: Ack = Err(ErrorBody::new(ErrorCode::RateLimited, "unable to send; too fast").retry_after(250));
        let raw = encode(&bad);
        assert_eq!(decode(CommandKind::LeaveRoom, raw.get()), bad);
    }

    #[test]
    fn an_unreadable_answer_is_internal() {
        for raw in ["", "null", "{}", "[]", r#"{"success":true}"#, r#"{"success":false}"#] {
            let error = decode(CommandKind::SendMessage, raw).expect_err(raw);
            assert_eq!(error.code, ErrorCode::Internal, "{raw}");
        }
    }
}
