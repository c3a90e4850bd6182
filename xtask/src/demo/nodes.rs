//! Where the nodes are, and how one of them and the bot are run.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

use roomcast_test_services::port;

use super::fresh_secret;
use crate::process::{bound_to_us, root};

/// How many: two go on when one is gone.
pub(super) const NODES: usize = 3;

/// What all nodes have in common, and where each is.
pub(super) struct Nodes {
    bin: PathBuf,
    secret: String,
    database: String,
    redis: String,
    /// Where clients and operators find them.
    pub(super) addresses: [(SocketAddr, SocketAddr); NODES],
}

impl Nodes {
    pub(super) fn on(bin: &Path, database: String, redis: String) -> anyhow::Result<Self> {
        let free = || SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let addresses = std::array::from_fn(|_| (free(), free()));
        Ok(Self { bin: bin.to_owned(), secret: fresh_secret()?, database, redis, addresses })
    }

    /// Where clients find them.
    pub(super) fn public(&self) -> [SocketAddr; NODES] {
        self.addresses.map(|(public, _)| public)
    }

    /// What a node is called.
    pub(super) fn name(n: usize) -> String {
        format!("node-{}", n + 1)
    }

    /// The command that runs a node.
    pub(super) fn command(&self, n: usize) -> Command {
        let (public, admin) = self.addresses[n];
        let mut node = bound_to_us(&self.bin.join("roomcast"));
        node.arg("dev").current_dir(root());
        node.env("ROOMCAST_LISTEN", public.to_string()).env("ROOMCAST_ADMIN_LISTEN", admin.to_string());
        node.env("ROOMCAST_DATABASE_URL", &self.database).env("ROOMCAST_REDIS_URL", &self.redis);
        // Its log is a file.
        node.env("NO_COLOR", "1");
        // All of them, and one that was started again, take each other's tokens.
        node.env("ROOMCAST_JWT_SECRET", &self.secret);
        node.env("ROOMCAST_NODE_NAME", Self::name(n)).env("ROOMCAST_TRUSTED_PROXIES", "127.0.0.1");
        node
    }

    /// The command that runs the bot.
    pub(super) fn bot(bin: &Path, url: &str) -> Command {
        let mut bot = bound_to_us(&bin.join("bot"));
        bot.args(["--url", url, "--room", "general", "--user", "bot"]).current_dir(root());
        bot
    }
}
