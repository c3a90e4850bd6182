//! Who is connected here and in which rooms, and how news reaches them.

mod packet;
mod roster;
mod tail;

pub use packet::{CloseReason, Packet, Transport};
pub use roster::{Connected, LocalRoom, LocalUser, Membership, Roster};
pub use tail::{Tail, TailAnswer};
