//! `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer outbox`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| roomcast_fuzz::outbox(data));
