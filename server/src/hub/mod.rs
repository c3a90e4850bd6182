//! Who is connected here and in which rooms, and how news reaches them.

mod alone;
mod bus;
mod frame;
mod memory;
mod neighbours;
mod packet;
mod recent;
#[cfg(feature = "net")]
pub mod redis;
mod roster;
mod sequencer;
mod tail;

pub use alone::alone;
pub use bus::{Bus, Heard, Link, NodeId, Topic};
pub use frame::{Dropped, Frame};
pub use memory::Exchange;
pub use neighbours::{Account, Choice, LEASE_MS, Neighbours, Said, Seen, Stamp};
pub use packet::{CloseReason, Packet, Transport};
pub use recent::{Hint, Recent, Spoken};
pub use roster::{Connected, LocalRoom, LocalUser, Look, Membership, Roster, Typing, Untold};
pub use sequencer::{HOLE_MS, Hole, Offer, Sequencer, Verdict};
pub use tail::{CursorsSince, Tail, TailAnswer};
