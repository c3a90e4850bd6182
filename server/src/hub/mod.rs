//! Who is connected here and in which rooms, and how news reaches them.

mod alone;
mod bus;
mod memory;
mod packet;
pub mod redis;
mod roster;
mod tail;

pub use alone::alone;
pub use bus::{Bus, Heard, Link, NodeId, Topic};
pub use memory::Exchange;
pub use packet::{CloseReason, Packet, Transport};
pub use roster::{Connected, LocalRoom, LocalUser, Membership, Roster};
pub use tail::{Tail, TailAnswer};
