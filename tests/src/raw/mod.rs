//! A client that is nothing but the wire: it says what a test tells it to say, however wrong, and keeps everything
//! that comes back, however often.

mod client;
mod inbox;
mod link;

pub use client::{RawClient, Refused};
