//! `cargo xtask demo`: a server with somebody to talk to, in one command; with `--cluster`, three of them.

mod cluster;
mod http;
mod nodes;
mod part;
mod single;
mod view;
mod watch;

use std::{
    fs,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;

use crate::{
    install,
    process::{cargo, run, target_dir},
    web_chat,
};

/// Longest that a server may take to stop: what it promises after SIGTERM.
const DRAIN: Duration = Duration::from_secs(25);

/// What to show.
#[derive(Args)]
pub(crate) struct Demo {
    /// Three nodes behind nginx, on a Postgres and a Redis of their own, and a live table of who is on which.
    #[arg(long)]
    cluster: bool,
    /// The first port to try.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Build with optimisations. The default is the development profile: a first build is done in half the time, and
    /// a server for a handful of people is fast enough either way.
    #[arg(long)]
    release: bool,
    /// Begin with empty rooms, as a cluster always does.
    #[arg(long)]
    fresh: bool,
    /// Build nothing: what is to run lies in this folder.
    #[arg(long, value_name = "FOLDER", hide = true)]
    built: Option<PathBuf>,
}

impl Demo {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        if self.cluster {
            install::for_cluster()?;
        }
        let target = target_dir()?;
        let bin = match &self.built {
            Some(built) => built.clone(),
            None => self.build(&target)?,
        };
        let data = self.data(&target)?;
        if self.cluster { cluster::run(&bin, &data, self.port) } else { single::run(&bin, &data, self.port) }
    }

    fn build(&self, target: &Path) -> anyhow::Result<PathBuf> {
        web_chat::build()?;
        let mut build = cargo(["build", "-p", "roomcast-server", "-p", "bot", "-p", "cli-chat"]);
        if self.release {
            build.arg("--release");
        }
        run(&mut build)?;
        Ok(target.join(if self.release { "release" } else { "debug" }))
    }

    fn data(&self, target: &Path) -> anyhow::Result<PathBuf> {
        let data = target.join("demo");
        if self.fresh && data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("unable to empty {}", data.display()))?;
        }
        fs::create_dir_all(&data).with_context(|| format!("unable to make {}", data.display()))?;
        Ok(data)
    }
}

fn fresh_secret() -> anyhow::Result<String> {
    let mut random = [0_u8; 32];
    let mut source = fs::File::open("/dev/urandom").context("unable to find randomness")?;
    source.read_exact(&mut random).context("unable to read randomness")?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn free_address(first_port: u16) -> anyhow::Result<SocketAddr> {
    (first_port..first_port.saturating_add(100))
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .with_context(|| format!("unable to find a free port from {first_port} on"))
}
