//! What can be due at a moment of virtual time.

use roomcast_client_core::{OpId, TokenReq};
use roomcast_server::service::Departure;

use crate::net::LinkId;

/// A moment's business.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// An attempt to connect is decided.
    Opening(LinkId),
    /// A frame reaches the server.
    Up(LinkId),
    /// A frame reaches the client.
    Down(LinkId),
    /// A broadcast that was overtaken goes out.
    Late(LinkId, String),
    /// The client learns that its socket is gone.
    ClientLearns(LinkId),
    /// The server learns that a socket is gone.
    ServerLearns(LinkId, Departure),
    /// The server's heartbeat.
    Ping(LinkId),
    /// A client's timer.
    Wake(usize),
    /// A token provider answers.
    Token {
        /// Whose.
        device: usize,
        /// In which of its lives it was asked.
        life: u64,
        /// The question.
        req: TokenReq,
        /// Whether it has a token.
        good: bool,
    },
    /// A storage is done.
    Stored {
        /// Whose.
        device: usize,
        /// In which of its lives it was asked.
        life: u64,
        /// The operation.
        op: OpId,
    },
    /// A user does something.
    Work(usize),
    /// A client starts again.
    Restart(usize),
    /// A process's services look at the time.
    Tick(u64),
    /// A node starts.
    NodeStart(usize),
    /// Something arrives on the bus.
    Bus(u64),
    /// Something breaks.
    Break(usize),
    /// And is mended.
    Mend(usize),
    /// The checker looks at the screens.
    Look,
}
