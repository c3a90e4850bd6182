//! What all decisions of a batch share, and how they say that something is not there.

use roomcast_protocol::{ErrorBody, ErrorCode, Limits, Timestamp};

pub(super) struct Scene<'a> {
    pub(super) now: Timestamp,
    pub(super) limits: &'a Limits,
}

pub(super) fn no_such_room(what: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("unable to {what}; there is no such room"))
}

pub(super) fn no_such_message(what: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("unable to {what}; there is no such message"))
}
