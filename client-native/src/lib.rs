//! Roomcast's client for native Rust programs.
//!
//! A thin shell of tokio around [`roomcast_client_core`]: one task owns the core, one each connection, one thread the
//! outbox. What a client promises – order, exactly once, nothing lost that was acknowledged – is the core's work;
//! here it is given sockets, time and a disk.
//!
//! ```no_run
//! # async fn example() -> Result<(), roomcast_client::Error> {
//! use roomcast_client::Client;
//!
//! let client = Client::builder("http://127.0.0.1:3000")
//!     .token_provider(|| async { Ok("a JSON Web Token".to_owned()) })
//!     .outbox("outbox.jsonl")
//!     .connect()
//!     .await?;
//!
//! let room = client.join("general").await?;
//! let message = room.send("hello").await?;
//! println!("it is number {}", message.seq);
//! client.close().await;
//! # Ok(())
//! # }
//! ```

mod builder;
mod client;
mod driver;
mod error;
mod events;
mod http;
mod pending;
mod recording;
mod room;
mod shared;
mod socket;
pub mod storage;
mod thread;
mod token;

pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
pub use events::{Events, Lagged};
pub use pending::Pending;
pub use room::Room;
pub use roomcast_client_core::{Network, Notice, People, Target, Transport, Transports, trace::Redaction, view};
pub use roomcast_protocol as protocol;
pub use thread::Thread;
pub use token::BoxError;

const _: () = assert!(
    !roomcast_client_core::planted::PLANTABLE,
    "unable to build a client with planted bugs; they are the simulator's (docs/adr/0005)"
);
