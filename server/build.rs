//! Puts the built web chat into the binary, where there is one: building the server needs no Node.js, and a server
//! that is built after the web chat serves it.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let built = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../examples/web-chat/dist");
    println!("cargo::rerun-if-changed=build.rs");
    // Named only where it exists: cargo takes a missing path for one that has changed.
    if built.exists() {
        println!("cargo::rerun-if-changed={}", built.display());
    }
    let site = built.join("site");
    let mut files = Vec::new();
    if site.join("index.html").exists() {
        collect(&site, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let path = file.strip_prefix(&site)?.to_str().ok_or("a file's name is not UTF-8")?;
        writeln!(table, "    (\"/{path}\", include_bytes!({:?})),", file.canonicalize()?)?;
    }
    table.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("web_chat.rs"), table)?;
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
