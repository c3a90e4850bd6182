//! One server with somebody to talk to.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use super::{DRAIN, free_address, fresh_secret, http};
use crate::process::{Background, root};

const START: Duration = Duration::from_secs(20);

/// Runs it until it is asked to stop.
pub(super) fn run(bin: &Path, data: &Path, first_port: u16) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("unable to listen for signals")?;
    let stage = Stage::set(bin, data, first_port)?;

    let mut server = stage.server()?;
    stage.wait_until_ready(&mut server)?;
    let mut bot = Some(stage.bot()?);
    welcome(&stage, &server);

    // `kill -9` on the server shows what clients make of it.
    while signals.pending().next().is_none() {
        if let Some(status) = server.ended()? {
            println!("\nthe server ended ({status}); starting it again");
            server = stage.server()?;
            stage.wait_until_ready(&mut server)?;
            println!("the server is back, process {}", server.pid());
        }
        if let Some(status) = bot.as_mut().map(Background::ended).transpose()?.flatten() {
            println!("\nthe bot ended ({status}); the room is yours alone");
            bot = None;
        }
        thread::sleep(Duration::from_millis(100));
    }
    println!("\nstopping");
    Ok(())
}

fn welcome(stage: &Stage, server: &Background) {
    println!("\n  Chat in the browser:  {}   (a bot waits in #general)", stage.url);
    println!("  A second tab is a second person.\n");
    println!("  Or in terminals:");
    // The program that was built just now: `cargo run` on one package alone would build it once more, because
    // its dependencies' features differ then.
    let chat = stage.bin.join("cli-chat");
    let chat = chat.strip_prefix(root()).unwrap_or(&chat).display();
    for user in ["alice", "bob"] {
        println!("    {chat} --url {} --user {user}", stage.url);
    }
    println!("\n  See it survive:  kill -9 {}", server.pid());
    println!("  Stop:            Ctrl-C\n");
}

/// Where the demo plays.
struct Stage {
    bin: PathBuf,
    address: SocketAddr,
    admin: SocketAddr,
    url: String,
    database: String,
    secret: String,
}

impl Stage {
    fn set(bin: &Path, data: &Path, first_port: u16) -> anyhow::Result<Self> {
        let address = free_address(first_port)?;
        Ok(Self {
            bin: bin.to_owned(),
            address,
            admin: free_address(9464)?,
            url: format!("http://{address}"),
            database: format!("sqlite://{}?mode=rwc", data.join("roomcast.db").display()),
            secret: fresh_secret()?,
        })
    }

    fn server(&self) -> anyhow::Result<Background> {
        let (listen, admin) = (self.address.to_string(), self.admin.to_string());
        let env = [
            ("ROOMCAST_LISTEN", &*listen),
            ("ROOMCAST_ADMIN_LISTEN", &*admin),
            ("ROOMCAST_DATABASE_URL", &*self.database),
            // A server that was started again takes the tokens of the one before.
            ("ROOMCAST_JWT_SECRET", &*self.secret),
        ];
        Background::start(&self.bin.join("roomcast"), &["dev"], DRAIN, &env)
    }

    fn bot(&self) -> anyhow::Result<Background> {
        let args = ["--url", &*self.url, "--room", "general", "--user", "bot"];
        Background::start(&self.bin.join("bot"), &args, Duration::from_secs(5), &[])
    }

    fn wait_until_ready(&self, server: &mut Background) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        while !http::is_ok(self.address, "/readyz") {
            if let Some(status) = server.ended()? {
                bail!("unable to start the server; it ended ({status})");
            }
            if Instant::now() > deadline {
                bail!("unable to start the server; it was not ready after {} s", START.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}
