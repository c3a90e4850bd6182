//! One suite for every bus between nodes, and what only the one over Redis has.

mod memory;
mod redis;
mod suite;
