//! Roomcast's client as a state machine without I/O.
//!
//! The same core runs in browsers and in native programs. It owns no socket, no clock, no randomness and no
//! thread: a shell tells it what happened ([`Input`]) and when ([`Now`]), does what it wants ([`Effect`]), and
//! wakes it at the time that it names ([`Client::poll_timeout`]). The same inputs give the same effects, byte for
//! byte, so a session can be replayed and a test can jump the clock.
//!
//! ```
//! use roomcast_client_core::{Client, Config, Effect, Input, Now, Saved};
//!
//! let now = Now { mono_ms: 0, wall_ms: 1_700_000_000_000 };
//! let mut client = Client::new(Config::default(), 42, now, Saved::default());
//! client.handle(now, Input::Connect);
//! assert!(matches!(client.poll_effect(), Some(Effect::FetchToken { .. })));
//! ```

mod auth;
mod backoff;
mod client;
mod config;
mod connection;
mod effect;
#[cfg(test)]
mod fixtures;
mod gaps;
mod input;
mod marks;
mod notice;
mod outbox;
mod pace;
pub mod patch;
mod people;
#[doc(hidden)]
pub mod planted;
mod presence;
mod random;
mod requests;
mod rooms;
mod time;
pub mod trace;
mod typing;
pub mod view;

pub use client::{Client, TimerKind};
pub use config::{Config, Saved, Storage, Transports};
pub use effect::{Answer, Effect, Key, Method, OpId, Outcome, StorageChange, StorageOp, TokenReason, Transport};
pub use input::{
    CloseReason, CommandId, ConnId, Input, Network, StorageError, Target, Token, TokenError, TokenReq, UserCommand,
    Visibility,
};
pub use notice::Notice;
pub use outbox::{SavedItem, Task};
pub use people::People;
pub use random::ClientIds;
pub use rooms::Timeline;
pub use time::{Millis, Now};
