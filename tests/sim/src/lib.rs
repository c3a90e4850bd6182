//! The deterministic simulator: real client cores and the real server core on a model store, a model network and
//! virtual time, on one thread. The same seed gives the same history, byte for byte.

mod breaking;
mod bus;
mod check;
mod device;
mod event;
mod fault;
mod history;
mod kernel;
mod net;
mod node;
mod report;
mod rng;
mod store;
mod tally;
mod wire;
mod wishes;
mod work;
mod world;

pub use check::Violation;
pub use fault::Kind;
pub use history::{History, Traced};
pub use report::{Run, Summary, run};
