//! What each target does with bytes. Pure functions, so that the smoke run of the tests and a fuzzer run the same.
//!
//! With a fuzzer: `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer wire` (nightly, or a stable toolchain
//! with `RUSTC_BOOTSTRAP=1`).

mod core;
mod outbox;
mod payloads;
mod wire;

pub use self::{core::core, outbox::outbox, payloads::payloads, wire::wire};

/// A target: a name and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 4] = [("wire", wire), ("payloads", payloads), ("core", core), ("outbox", outbox)];
