//! The shell against a server that speaks the wire protocol and misbehaves on demand.

#![expect(clippy::unwrap_used, reason = "in a test, the panic is the report")]

mod fake_server;
mod replay;
mod session;
