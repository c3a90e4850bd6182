//! The server's parts, from outside.

mod conformance;
mod postgres;
mod sqlite;
mod writer;
