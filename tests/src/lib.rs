//! What the tests stand on: a real `roomcast` process, tokens for it, and a raw client that says on the wire
//! exactly what a test wants said.
//!
//! Tests wait for conditions, never for a time, and every wait has a deadline.

pub mod dice;
pub mod faulty;
pub mod http;
pub mod provider;
pub mod proxy;
pub mod raw;
pub mod rooms;
pub mod server;
pub mod token;
pub mod wait;

pub use roomcast_test_services::port;

pub use dice::{Dice, seed};
pub use provider::{Provider, SigningKey};
pub use proxy::{Proxy, WebSockets};
pub use raw::{RawClient, Refused};
pub use rooms::public_room;
pub use server::Server;
pub use token::{Token, token};
pub use wait::{SOON, eventually};
