//! The chores, as somebody uses them.

mod cluster;
