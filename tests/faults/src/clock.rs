//! A node's wall clock, to be stepped. Its monotonic clock goes on.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

/// Where Debian's `faketime` keeps what it is made of.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The clock of one process.
#[derive(Debug)]
pub struct Clock {
    dir: TempDir,
}

impl Clock {
    /// A clock that is right; `None` where `faketime` is not installed.
    ///
    /// # Panics
    /// If no file can be written.
    #[must_use]
    pub fn new() -> Option<Self> {
        if !PathBuf::from(LIBRARY).exists() {
            return None;
        }
        let clock = Self { dir: TempDir::with_prefix("roomcast-clock-").expect("a directory can be made") };
        clock.step(0);
        Some(clock)
    }

    /// The environment of the process that is to have it.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", LIBRARY.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
        ]
    }

    /// Sets it so many seconds off, within a second.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn step(&self, seconds: i64) {
        fs::write(self.file(), format!("{seconds:+}s\n")).expect("the file can be written");
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("offset")
    }
}
