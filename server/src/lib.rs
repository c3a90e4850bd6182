//! Roomcast's server: rooms, messages, typing, presence and receipts over Socket.IO.
//!
//! `main → app → {http, gateway} → service → {domain, store, hub, limits, auth} → protocol`, and never back.

pub mod app;
pub mod auth;
pub mod config;
pub mod domain;
pub mod env;
pub mod gateway;
pub mod http;
pub mod hub;
pub mod limits;
pub mod metrics;
#[doc(hidden)]
pub mod planted;
pub mod serve;
pub mod service;
pub mod store;

pub use app::{App, StartError};
pub use config::{Config, RawConfig};
