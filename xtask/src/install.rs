//! What the chores need beyond cargo, node and npm, and how it comes onto the machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::process::{command, root, run, succeeds, target_dir};

/// A Debian package, and the command that succeeds once it is there.
struct Package {
    name: &'static str,
    why: &'static str,
    check: fn() -> Command,
}

const POSTGRES: Package = Package {
    name: "postgresql",
    why: "the store's tests and the demo of a cluster run on a Postgres of their own",
    check: || command("sh", ["-c", "ls /usr/lib/postgresql/*/bin/initdb"]),
};
const REDIS: Package = Package {
    name: "redis-server",
    why: "the bus's tests and the demo of a cluster run on a Redis of their own",
    check: || command("redis-server", ["--version"]),
};
const NGINX: Package =
    Package { name: "nginx", why: "several nodes are tested and shown behind one", check: || command("nginx", ["-v"]) };

const PACKAGES: &[Package] = &[
    Package {
        name: "pkg-config",
        why: "the rust_socketio client of the interop tests links OpenSSL",
        check: || command("pkg-config", ["--version"]),
    },
    Package {
        name: "libssl-dev",
        why: "the rust_socketio client of the interop tests links OpenSSL",
        check: || command("pkg-config", ["--exists", "openssl"]),
    },
    POSTGRES,
    REDIS,
    Package {
        name: "faketime",
        why: "the run of faults steps a node's clock",
        check: || command("faketime", ["--version"]),
    },
    NGINX,
    Package {
        name: "openssl",
        why: "the bus is tested over TLS, with certificates of the tests' own",
        check: || command("openssl", ["version"]),
    },
    Package {
        name: "python3-venv",
        why: "the python-socketio client of the interop tests runs in a virtual environment",
        check: || command("python3", ["-c", "import ensurepip, venv"]),
    },
    Package {
        name: "chromium",
        why: "the npm package is tried out in a browser",
        check: || command("/usr/bin/chromium", ["--version"]),
    },
];

/// What a cluster consists of, beside its nodes.
const CLUSTER_PACKAGES: &[Package] = &[POSTGRES, REDIS, NGINX];

/// A compiler for the browser that comes with the standard library's source.
const WASM_PACKAGES: &[Package] = &[
    Package {
        name: "rustc-web",
        why: "the rustup toolchain has no target for the browser, and Debian's compiler builds one",
        check: || command("/usr/bin/rustc", ["--version"]),
    },
    Package { name: "cargo-web", why: "the compiler's own cargo", check: || command("/usr/bin/cargo", ["--version"]) },
    Package {
        name: "rust-web-src",
        why: "the standard library is built for the browser from its source",
        check: || command("test", ["-e", "/usr/lib/rustlib/src/rust/library/std/Cargo.toml"]),
    },
];

/// What the tests in a browser need.
const BROWSER_PACKAGES: &[Package] = &[
    Package {
        name: "chromium",
        why: "the web chat is tested in a real browser",
        check: || command("chromium", ["--version"]),
    },
    Package {
        name: "fonts-noto-color-emoji",
        why: "screenshots show emoji",
        check: || command("test", ["-e", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"]),
    },
];

/// Brings a browser and what drives it onto the machine.
pub(crate) fn for_browser() -> anyhow::Result<()> {
    programs()?;
    packages(BROWSER_PACKAGES)?;
    node_modules(&root().join("tests/browser"))
}

/// Brings what nodes stand on and behind onto the machine.
pub(crate) fn for_cluster() -> anyhow::Result<()> {
    packages(CLUSTER_PACKAGES)
}

/// Brings a compiler for the browser onto the machine, where rustup has none.
pub(crate) fn for_wasm() -> anyhow::Result<()> {
    packages(WASM_PACKAGES)
}

/// Brings everything that the tests need onto the machine, and says where Python is.
pub(crate) fn for_tests() -> anyhow::Result<PathBuf> {
    programs()?;
    packages(PACKAGES)?;
    for package in ["tests/interop", "tests/packaging", "npm"] {
        node_modules(&root().join(package))?;
    }
    python(&root().join("tests/interop/requirements.txt"))
}

pub(crate) fn programs() -> anyhow::Result<()> {
    for program in ["node", "npm"] {
        if !succeeds(&mut command(program, ["--version"])) {
            bail!("unable to find {program}; install Node.js 20 or later, which brings it");
        }
    }
    Ok(())
}

fn packages(wanted: &[Package]) -> anyhow::Result<()> {
    let missing: Vec<&Package> = wanted.iter().filter(|package| !succeeds(&mut (package.check)())).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let (Some(mut update), Some(mut install)) = (apt(), apt()) else {
        for package in &missing {
            eprintln!("missing: {} ({})", package.name, package.why);
        }
        bail!("unable to install packages without root; run: sudo apt-get install {}", names.join(" "));
    };
    run(update.arg("update"))?;
    run(install.args(["install", "--yes", "--no-install-recommends"]).args(&names))
}

/// `apt-get` with the right to install, if there is one.
fn apt() -> Option<Command> {
    let mut apt = if rustix::process::geteuid().is_root() {
        command("apt-get", [])
    } else if succeeds(&mut command("sudo", ["-n", "true"])) {
        command("sudo", ["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
    } else {
        return None;
    };
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    succeeds(&mut command("apt-get", ["--version"])).then_some(apt)
}

/// Installs what the lock file says, unless that is there already.
pub(crate) fn node_modules(dir: &Path) -> anyhow::Result<()> {
    let stamp = Stamp::new(&dir.join("package-lock.json"), dir.join("node_modules/.installed"))?;
    if stamp.holds() {
        return Ok(());
    }
    run(command("npm", ["ci", "--no-audit", "--no-fund"]).current_dir(dir))?;
    stamp.set()
}

/// A virtual environment with what the list says; gives its interpreter.
fn python(requirements: &Path) -> anyhow::Result<PathBuf> {
    let venv = target_dir()?.join("interop-venv");
    let python = venv.join("bin/python");
    let stamp = Stamp::new(requirements, venv.join(".installed"))?;
    if stamp.holds() && succeeds(&mut command(&python, ["--version"])) {
        return Ok(python);
    }
    run(command("python3", ["-m", "venv", "--clear"]).arg(&venv))?;
    run(command(&python, ["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements))?;
    stamp.set()?;
    Ok(python)
}

/// Remembers which list was installed.
struct Stamp {
    wanted: String,
    path: PathBuf,
}

impl Stamp {
    fn new(list: &Path, path: PathBuf) -> anyhow::Result<Self> {
        let wanted = fs::read_to_string(list).with_context(|| format!("unable to read {}", list.display()))?;
        Ok(Self { wanted, path })
    }

    fn holds(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|installed| installed == self.wanted)
    }

    fn set(&self) -> anyhow::Result<()> {
        fs::write(&self.path, &self.wanted).with_context(|| format!("unable to write {}", self.path.display()))
    }
}
