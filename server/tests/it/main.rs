//! The server's parts, from outside.

mod conformance;
mod sqlite;
mod writer;
