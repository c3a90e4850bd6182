//! What a change does to a room, as pure functions over rows.
//!
//! A store loads the rows that a batch of changes touches into a [`Workspace`], [`decide`] works on it, and the
//! store writes back what became dirty, all in one transaction. So one piece of code allocates `rev` and `seq`
//! (G-2), deduplicates (G-4) and checks permissions inside the transaction, for every database and for the
//! simulator alike.

mod blocks;
mod change;
mod decide;
mod members;
mod messages;
mod news;
mod pins;
mod reactions;
mod reads;
mod rooms;
mod rows;
mod sanctions;
mod scene;
mod unit;
mod workspace;

pub use change::{Act, Author, Change, ConnId};
pub use decide::decide;
pub use news::{Audience, Decision, Done, News};
pub use rows::{MemberRow, MessageRow, ReactionRow, RoomRow};
pub use unit::Unit;
pub use workspace::{Block, Dirty, Keys, Reacted, Workspace};

#[cfg(test)]
mod tests;
