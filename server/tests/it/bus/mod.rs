//! One suite for every bus between nodes, and what only the one over Redis has.

mod cluster;
mod memory;
mod redis;
mod sentinel;
mod suite;
