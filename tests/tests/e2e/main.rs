//! End to end: the real `roomcast` process, spoken to as on the wire.

mod auth;
mod authors;
mod errors;
mod http;
mod idempotence;
mod lifecycle;
mod malformed;
mod membership;
mod messages;
mod native;
mod operations;
mod ordering;
mod outbox;
mod presence;
mod receipts;
mod recording;
mod resume;
mod rooms;
mod slow;
mod support;
mod sync;
mod tokens;
mod typing;
