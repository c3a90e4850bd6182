//! Roomcast's server: rooms, messages, typing, presence and receipts over Socket.IO.
//!
//! `main → app → {http, gateway} → service → {domain, store, hub, limits, auth} → protocol`, and never back.
//!
//! Without the feature `net` there is what decides: no socket, no database and no signature. The simulator runs that.

#[cfg(feature = "net")]
pub mod app;
pub mod auth;
#[cfg(feature = "net")]
pub mod config;
pub mod domain;
pub mod env;
#[cfg(feature = "net")]
pub mod gateway;
#[cfg(feature = "net")]
pub mod http;
pub mod hub;
pub mod limits;
pub mod metrics;
#[doc(hidden)]
pub mod planted;
#[cfg(feature = "net")]
pub mod serve;
pub mod service;
pub mod store;

#[cfg(feature = "net")]
pub use app::{App, StartError};
#[cfg(feature = "net")]
pub use config::{Config, RawConfig};
