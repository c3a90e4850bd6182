//! The closed set of errors that a command can be answered with.

use crate::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What went wrong, as a client must tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The payload is not what the event takes.
    BadRequest,
    /// A text, list or packet is over its limit.
    TooLarge,
    /// The same id was used before with other content, or a version has moved on.
    Conflict,
    /// No such thing, or none that the caller may see.
    NotFound,
    /// The caller's role does not allow it.
    Forbidden,
    /// The room is public and the caller is not in it.
    NotMember,
    /// It was there and is deleted.
    Gone,
    /// A stock, not a rate, is used up.
    QuotaExceeded,
    /// The server knows the event and does not offer it.
    Unsupported,
    /// No valid session.
    Unauthenticated,
    /// The user's access was withdrawn.
    Revoked,
    /// The token ran out; refresh and resume.
    TokenExpired,
    /// Too many in too short a time.
    RateLimited,
    /// A part that the command needs is away; the outcome may be unknown.
    Unavailable,
    /// A queue is full.
    Overloaded,
    /// The deadline passed; the outcome is unknown.
    Timeout,
    /// A fault of the server's own.
    Internal,
}

/// When sending the same command again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Never: it is final until somebody changes something.
    Never,
    /// After a fresh token.
    AfterRefresh,
    /// After a pause.
    AfterPause,
    /// After a pause, five times at most.
    AFewTimes,
}

impl ErrorCode {
    /// Every code, in the order of the published table.
    pub const ALL: [Self; 17] = [
        Self::BadRequest,
        Self::TooLarge,
        Self::Conflict,
        Self::NotFound,
        Self::Forbidden,
        Self::NotMember,
        Self::Gone,
        Self::QuotaExceeded,
        Self::Unsupported,
        Self::Unauthenticated,
        Self::Revoked,
        Self::TokenExpired,
        Self::RateLimited,
        Self::Unavailable,
        Self::Overloaded,
        Self::Timeout,
        Self::Internal,
    ];

    /// The code as it stands on the wire and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::TooLarge => "too_large",
            Self::Conflict => "conflict",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::NotMember => "not_member",
            Self::Gone => "gone",
            Self::QuotaExceeded => "quota_exceeded",
            Self::Unsupported => "unsupported",
            Self::Unauthenticated => "unauthenticated",
            Self::Revoked => "revoked",
            Self::TokenExpired => "token_expired",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }

    /// When the same command can be sent again.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::BadRequest
            | Self::TooLarge
            | Self::Conflict
            | Self::NotFound
            | Self::Forbidden
            | Self::NotMember
            | Self::Gone
            | Self::QuotaExceeded
            | Self::Unsupported
            | Self::Unauthenticated
            | Self::Revoked => Retry::Never,
            Self::TokenExpired => Retry::AfterRefresh,
            Self::RateLimited | Self::Unavailable | Self::Overloaded | Self::Timeout => Retry::AfterPause,
            Self::Internal => Retry::AFewTimes,
        }
    }
}

/// The `error` of a refused command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct ErrorBody {
    /// What a program decides by.
    pub code: ErrorCode,
    /// What a developer reads: "unable to X; Y".
    pub message: String,
    /// Whether the same command, sent again, can succeed.
    pub retryable: bool,
    /// Wait at least so long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Which field or limit it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<ErrorDetails>>,
    /// Finds the cause in the server's log.
    #[serde(default)]
    pub request_id: String,
}

/// What an error is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// The payload's field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The limit that was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// When it is over: a mute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl ErrorBody {
    /// An error with the code's own answer to "again?".
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retryable: code.retry() != Retry::Never,
            retry_after_ms: None,
            details: None,
            request_id: String::new(),
        }
    }

    /// Adds how long to wait, in milliseconds.
    #[must_use]
    pub fn retry_after(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    /// Adds the field that it is about.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        self.details.get_or_insert_default().field = Some(field.to_owned());
        self
    }

    /// Adds when it is over.
    #[must_use]
    pub fn until(mut self, until: Timestamp) -> Self {
        self.details.get_or_insert_default().until = Some(until);
        self
    }

    /// Adds the limit that was passed.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.details.get_or_insert_default().limit = Some(limit);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelled_alike_on_the_wire_and_in_metrics() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(&code).expect("codes serialize");
            assert_eq!(json, format!("\"{}\"", code.as_str()));
        }
    }
}
