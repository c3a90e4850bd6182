//! The fault run: three real nodes on one Postgres and one Redis, every link behind a proxy that misbehaves, real
//! clients as load, one fault after the other, and a checker over all that was acknowledged, told and shown.
//!
//! Chance comes from a seed that is printed: the same seed draws the same people and the same faults in the same order.
//! What real processes make of them is never twice the same; that is the simulator's (`tests/sim`).

mod act;
pub mod balancer;
pub mod book;
pub mod broker;
pub mod check;
pub mod clock;
pub mod device;
pub mod fault;
pub mod figures;
pub mod house;
mod listen;
pub mod outbox;
pub mod plan;
pub mod rows;
pub mod run;
pub mod street;
pub mod wiretap;
