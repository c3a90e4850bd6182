//! The web chat: its build into the server's binary, its tests in a real browser, its screenshots, its figures.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::{
    install,
    process::{cargo, command, root, run, target_dir},
    wasm,
};

/// What the page is made of, beside the package.
const SOURCES: [&str; 6] = ["src", "public", "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"];

/// Builds the core, the package and the page; what is up to date stays. A server that is built afterwards serves it.
pub(crate) fn build() -> anyhow::Result<()> {
    install::programs()?;
    wasm::build()?;
    let dir = dir();
    install::node_modules(&dir)?;
    let (stamp, made_of) = (dir.join("dist/.built-from"), made_of(&dir)?);
    let built = dir.join("dist/site/index.html").exists();
    if built && fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == made_of) {
        println!("the web chat is up to date");
        return Ok(());
    }
    run(command("npm", ["run", "--silent", "build"]).current_dir(&dir))?;
    fs::write(&stamp, made_of).with_context(|| format!("unable to write {}", stamp.display()))
}

/// The tests in a real browser, against this server.
pub(crate) fn tests(server: &Path) -> anyhow::Result<Command> {
    let mut tests = npm("test")?;
    tests.env("ROOMCAST_BIN", server);
    Ok(tests)
}

/// Makes the README's screenshots anew.
pub(crate) fn screenshots() -> anyhow::Result<()> {
    build()?;
    run(&mut cargo(["build", "--package", "roomcast-server", "--bin", "roomcast"]))?;
    run(npm("screenshots")?.env("ROOMCAST_BIN", target_dir()?.join("debug/roomcast")))
}

/// What an update costs the page, beside a plain client that does the same.
pub(crate) fn bench(server: &Path) -> anyhow::Result<()> {
    build()?;
    run(npm("bench")?.env("ROOMCAST_BIN", server))
}

fn npm(script: &str) -> anyhow::Result<Command> {
    install::for_browser()?;
    let mut npm = command("npm", ["run", "--silent"]);
    npm.arg(script).current_dir(root().join("tests/browser"));
    Ok(npm)
}

fn dir() -> PathBuf {
    root().join("examples/web-chat")
}

/// A digest of everything that goes into the page. Times would not do: a checkout and the package's build renew them.
fn made_of(dir: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&dir.join(source), &mut files)?;
    }
    collect(&root().join("npm/dist"), &mut files)?;
    files.sort();
    let mut digest = DefaultHasher::new();
    for file in files {
        file.hash(&mut digest);
        fs::read(&file).with_context(|| format!("unable to read {}", file.display()))?.hash(&mut digest);
    }
    Ok(format!("{:016x}", digest.finish()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("unable to read {}", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
