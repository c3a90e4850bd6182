//! Stock Socket.IO clients against the real server: every fixed event, with its exact name and shape.

mod rust;
mod stock;
