//! `xtask-wasm INPUT.wasm OUT_DIR`: what the `wasm-bindgen` program does, at the version of the lock file.
//!
//! A package of its own, so that only `cargo xtask wasm` waits for it to be built.

use std::{env, path::PathBuf};

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let [input, out]: [PathBuf; 2] = env::args_os()
        .skip(1)
        .map(PathBuf::from)
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .context("unable to begin; usage: xtask-wasm INPUT.wasm OUT_DIR")?;
    Bindgen::new()
        .input_path(&input)
        .out_name("core")
        .web(true)?
        // The package has the bytes at hand; a default path would be a file that bundlers look for.
        .omit_default_module_path(true)
        .reset_state_function(true)
        .typescript(true)
        .remove_producers_section(true)
        .generate(&out)
        .with_context(|| format!("unable to bind {}", input.display()))
}
