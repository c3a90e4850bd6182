//! The chores as somebody uses them, and what is deployed as it is shipped.

mod cluster;
mod deploy;

use std::{
    env,
    path::{Path, PathBuf},
};

/// Where cargo puts its programs: the one under test lies there.
fn built() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_xtask")).parent().expect("a program lies in a folder")
}

/// `ROOMCAST_BIN`, or what cargo built last.
fn server() -> PathBuf {
    let server = env::var_os("ROOMCAST_BIN").map_or_else(|| built().join("roomcast"), PathBuf::from);
    assert!(server.exists(), "build it first: cargo build -p roomcast-server");
    server
}
