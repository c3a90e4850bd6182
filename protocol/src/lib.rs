//! The one contract between Roomcast's server and its clients.
//!
//! Everything that both sides must agree on lives here and nowhere else: ids, payloads, error codes, limits,
//! validation, permission rules, and the Engine.IO v4 / Socket.IO v5 codec. Pure data and pure functions: no
//! clock, no I/O, no async, no ambient randomness, so the crate builds for the browser as it stands.

// The derives name this crate, wherever they are used.
extern crate self as roomcast_protocol;

pub mod ack;
pub mod base64;
pub mod collections;
pub mod command;
pub mod emoji;
pub mod error;
pub mod event;
pub mod handshake;
pub mod id;
pub mod json;
pub mod limits;
pub mod model;
pub mod number;
pub mod permit;
pub mod registry;
pub mod reply;
pub mod validate;
pub mod wire;

pub use error::{ErrorBody, ErrorCode};
pub use id::{ClientId, Epoch, MessageId, RoomId, UserId};
pub use json::Json;
pub use limits::Limits;
pub use number::{Rev, Seq, Timestamp};
pub use registry::{Command, CommandKind, Event, EventKind, Reply, Request};
