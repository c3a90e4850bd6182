//! `cargo xtask wasm`: the core for the browser, the npm package around it, and what that weighs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::{
    install,
    process::{cargo, command, output, root, run, succeeds, target_dir},
};

const TARGET: &str = "wasm32-unknown-unknown";
/// What the pure crates must not depend on: they are driven from outside, in whatever runtime.
const FOREIGN: [&str; 4] = ["tokio", "wasm-bindgen", "js-sys", "mio"];

/// Builds everything, prints the sizes, and fails where they grow.
pub(crate) fn run_all() -> anyhow::Result<()> {
    pure()?;
    build()?;
    weigh()
}

/// Prints what a page loads of what is built; fails where that is more than it had come down to.
pub(crate) fn weigh() -> anyhow::Result<()> {
    run(command("node", ["sizes.mjs"]).current_dir(root().join("npm")))
}

/// Builds the package; what is built already stays.
pub(crate) fn build() -> anyhow::Result<()> {
    let npm = root().join("npm");
    install::node_modules(&npm)?;
    let module = compile()?;
    let wasm = npm.join("wasm");
    let (stamp, wanted) = (wasm.join(".built-from"), fs::read(&module).context("unable to read the module")?);
    if fs::read(&stamp).is_ok_and(|built| built == wanted) {
        println!("npm/wasm holds this module already");
    } else {
        run(&mut cargo(["build", "--package", "xtask-wasm"]))?;
        run(command(target_dir()?.join("debug/xtask-wasm"), []).arg(&module).arg(&wasm))?;
        let core = wasm.join("core_bg.wasm");
        let features = ["bulk-memory", "bulk-memory-opt", "sign-ext", "nontrapping-float-to-int", "mutable-globals"];
        let mut optimise = command(npm.join("node_modules/.bin/wasm-opt"), ["-Oz", "--converge", "--strip-debug"]);
        optimise.args(features.map(|feature| format!("--enable-{feature}")));
        optimise.args(["--enable-reference-types", "--enable-multivalue"]);
        run(optimise.arg(&core).arg("-o").arg(&core))?;
        fs::write(&stamp, wanted).context("unable to note what was built")?;
    }
    run(command("node", ["build.mjs"]).current_dir(&npm))
}

/// Compiles the core, by whatever on this machine can.
fn compile() -> anyhow::Result<PathBuf> {
    let dir = target_dir()?.join("wasm");
    let mut build = if has_target() && has_component("rust-src") {
        println!("compiling with this toolchain, the standard library with it");
        small_std(cargo(["build"]))
    } else if has_target() {
        println!("compiling with this toolchain and its own standard library, which is 10 kB more: it has no rust-src");
        cargo(["build"])
    } else {
        println!("compiling with Debian's rustc-web, as this toolchain has no {TARGET}");
        install::for_wasm()?;
        let mut build = small_std(command("/usr/bin/cargo", ["build"]));
        build.env("RUSTC", "/usr/bin/rustc").env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker()?);
        // Those of the cargo that runs us are for another toolchain.
        build.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC_WRAPPER");
        build
    };
    build
        .args(["--package", "roomcast-client-wasm", "--profile", "wasm", "--target", TARGET, "--target-dir"])
        .arg(&dir);
    run(&mut build)?;
    Ok(dir.join(TARGET).join("wasm/roomcast_client_wasm.wasm"))
}

/// The standard library is built here, so it can be built small: a panic is a trap, and no place of one is told.
fn small_std(mut build: Command) -> Command {
    build.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "-Zpanic-immediate-abort"]);
    build
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_PROFILE_WASM_PANIC", "immediate-abort")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Zlocation-detail=none -Zfmt-debug=none");
    build
}

/// Whether the toolchain can compile for the browser; asks rustup to make it so.
fn has_target() -> bool {
    has("target", TARGET)
}

/// Whether the toolchain has a component; asks rustup to bring it.
fn has_component(name: &str) -> bool {
    has("component", name)
}

fn has(kind: &str, name: &str) -> bool {
    let installed = || {
        let listed = output(&mut command("rustup", [kind, "list", "--installed"])).unwrap_or_default();
        listed.lines().any(|line| line == name)
    };
    installed() || (succeeds(&mut command("rustup", [kind, "add", name])) && installed())
}

/// The linker: the toolchain brings one, Debian's does not.
fn linker() -> anyhow::Result<PathBuf> {
    let rustc = || env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = output(&mut command(rustc(), ["--print", "sysroot"]))?;
    let version = output(&mut command(rustc(), ["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let lld = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/rust-lld");
    if !lld.exists() {
        bail!("unable to find rust-lld; it was looked for at {}", lld.display());
    }
    Ok(lld)
}

/// The pure crates stay pure.
fn pure() -> anyhow::Result<()> {
    for package in ["roomcast-protocol", "roomcast-client-core"] {
        let mut tree: Command = cargo(["tree", "--edges", "normal", "--prefix", "none", "--target", TARGET]);
        let tree = output(tree.args(["--package", package]))?;
        let foreign = FOREIGN.iter().find(|name| tree.lines().any(|line| line.split(' ').next() == Some(name)));
        if let Some(name) = foreign {
            bail!("{package} depends on {name}; it must build for any runtime");
        }
    }
    Ok(())
}
