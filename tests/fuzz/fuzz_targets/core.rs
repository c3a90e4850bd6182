//! `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer core`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| roomcast_fuzz::core(data));
