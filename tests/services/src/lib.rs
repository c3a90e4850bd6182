//! Databases of the tests' own: real processes on free ports, in temporary folders, gone with their handle. Nothing
//! that runs on the machine already is ever used.

pub mod port;
mod postgres;
mod process;
mod redis;

pub use postgres::Postgres;
pub use redis::Redis;
