//! Settings: every one a flag and an environment variable; all that is wrong with them is said at once.

mod redis;
mod report;
mod settings;

pub use settings::{Config, DatabaseConfig, ListenConfig, Origins, Problem, Problems, RawConfig};
