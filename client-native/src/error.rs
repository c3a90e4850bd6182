//! What can go wrong, as a program must tell apart.

use std::io;

use roomcast_protocol::{ErrorBody, ErrorCode, handshake::Refusal, id::IdError};

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server, or the same checks made here, said no; [`ErrorBody::code`] says why.
    #[error("{0}")]
    Rejected(#[source] ErrorBody),
    /// The server refuses the connection, for good: a fresh token was refused, or access was withdrawn.
    #[error("unable to connect; the server answered: {0}")]
    Refused(Refusal),
    /// The client was closed.
    #[error("unable to go on; the client is closed")]
    Closed,
    /// More commands wait for the client's task than its queue holds.
    #[error("unable to queue; the client has too much to do")]
    Busy,
    /// A text is not an id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The server's address is none.
    #[error("unable to use the address {0}; it must be http://host[:port] or https://host[:port]")]
    Address(String),
    /// No token and no provider was given.
    #[error("unable to connect; neither a token nor a token provider was given")]
    NoToken,
    /// The outbox cannot be used.
    #[error("unable to open the outbox; {0}")]
    Storage(#[source] io::Error),
    /// The recording cannot be written.
    #[error("unable to begin the recording; {0}")]
    Recording(#[source] io::Error),
    /// The operating system's randomness or roots cannot be had.
    #[error("unable to start; {0}")]
    System(String),
}

impl Error {
    /// The error code, where the server (or its checks made here) said no.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Rejected(body) => Some(body.code),
            _ => None,
        }
    }
}

impl From<ErrorBody> for Error {
    fn from(body: ErrorBody) -> Self {
        Self::Rejected(body)
    }
}
