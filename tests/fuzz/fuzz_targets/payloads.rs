//! `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer payloads`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| roomcast_fuzz::payloads(data));
