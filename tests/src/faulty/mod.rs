//! Links that misbehave as they are told to, while connections pass over them.

mod link;
mod pump;
mod weather;

pub use link::Link;
pub use weather::{Door, Passing, Way, Weather};
