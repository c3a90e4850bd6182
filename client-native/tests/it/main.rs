//! The shell against a server that speaks the wire protocol and misbehaves on demand.

mod fake_server;
mod session;
