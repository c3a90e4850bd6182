//! The server's parts, from outside.

mod bus;
mod conformance;
mod moving;
mod postgres;
mod sqlite;
mod writer;
