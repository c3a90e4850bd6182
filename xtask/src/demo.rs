//! `cargo xtask demo`: a server with somebody to talk to, in one command.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    process::{Background, cargo, root, run, target_dir},
    web_chat,
};

/// Longest that a server may take to stop: what it promises after SIGTERM.
const DRAIN: Duration = Duration::from_secs(25);
const START: Duration = Duration::from_secs(20);

/// What to show.
#[derive(Args)]
pub(crate) struct Demo {
    /// The first port to try.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Build with optimisations. The default is the development profile: a first build is done in half the time, and
    /// a server for a handful of people is fast enough either way.
    #[arg(long)]
    release: bool,
    /// Begin with empty rooms.
    #[arg(long)]
    fresh: bool,
}

impl Demo {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        web_chat::build()?;
        let mut build = cargo(["build", "-p", "roomcast-server", "-p", "bot", "-p", "cli-chat"]);
        if self.release {
            build.arg("--release");
        }
        run(&mut build)?;

        let target = target_dir()?;
        let bin = target.join(if self.release { "release" } else { "debug" });
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("unable to listen for signals")?;
        let stage = Stage::set(&bin, self.data(&target)?, self.port)?;

        let mut server = stage.server()?;
        stage.wait_until_ready(&mut server)?;
        let mut bot = Some(stage.bot()?);
        self.welcome(&stage, &server);

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

    fn data(&self, target: &Path) -> anyhow::Result<PathBuf> {
        let data = target.join("demo");
        if self.fresh && data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("unable to empty {}", data.display()))?;
        }
        fs::create_dir_all(&data).with_context(|| format!("unable to make {}", data.display()))?;
        Ok(data)
    }

    fn welcome(&self, stage: &Stage, server: &Background) {
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
    fn set(bin: &Path, data: PathBuf, first_port: u16) -> anyhow::Result<Self> {
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
        while !is_ready(self.address) {
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

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(200))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
