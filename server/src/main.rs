//! `roomcast`: the server's command line.

mod migrate;
mod revoke;

use std::{
    process::ExitCode,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use roomcast_server::{
    App, Config, RawConfig,
    auth::{Claims, Key, mint},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

#[cfg(feature = "mutants")]
compile_error!("unable to build the server with planted bugs; they are the simulator's (docs/adr/0005)");

#[derive(Debug, Parser)]
#[command(name = "roomcast", version, about = "Self-hosted real-time chat")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        #[command(flatten)]
        config: RawConfig,
    },
    /// Run a server to try things out: its own key, tokens for whoever asks, a room `general`.
    Dev {
        #[command(flatten)]
        config: RawConfig,
    },
    /// Print the settings in force, secrets hidden.
    Config {
        #[command(flatten)]
        config: RawConfig,
    },
    /// Move everything from a SQLite file into a Postgres database. It can be broken off, and goes on where it was.
    Migrate(migrate::Migrate),
    /// Revoke a user's tokens. Running nodes hear of it within 5 s.
    Revoke(revoke::Revoke),
    /// Mint a token.
    Token {
        /// The user's id.
        #[arg(long)]
        sub: String,
        /// The user's shown name.
        #[arg(long)]
        name: Option<String>,
        /// How long it holds: 90s, 15m, 1h, 30d.
        #[arg(long, default_value = "1h", value_parser = parse_ttl)]
        ttl: Duration,
        /// A role: `admin`.
        #[arg(long)]
        role: Vec<String>,
        /// The secret that the server checks with.
        #[arg(long, env = "ROOMCAST_JWT_SECRET", hide_env_values = true)]
        jwt_secret: String,
        /// The issuer that the server asks for.
        #[arg(long, env = "ROOMCAST_JWT_ISSUER")]
        jwt_issuer: Option<String>,
        /// The audience that the server asks for.
        #[arg(long, env = "ROOMCAST_JWT_AUDIENCE")]
        jwt_audience: Option<String>,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_env_filter(log_filter()).with_writer(std::io::stderr).init();
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("roomcast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG`, or `info`. The engine prints whole packets, tokens among them, below `info`: that takes its name in
/// `RUST_LOG`, and not just a general `debug`.
fn log_filter() -> EnvFilter {
    let asked = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|asked| !asked.is_empty());
    let asked = asked.unwrap_or_else(|| "info".to_owned());
    let quiet = ["socketioxide", "engineioxide"].into_iter().filter(|engine| !asked.contains(engine));
    let quiet: Vec<String> = quiet.map(|engine| format!("{engine}=info")).collect();
    let directives: Vec<&str> = std::iter::once(asked.as_str()).chain(quiet.iter().map(String::as_str)).collect();
    EnvFilter::new(directives.join(","))
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config } => serve(config.validate()?),
        Command::Dev { config } => serve(dev(config)?),
        Command::Config { config } => {
            print!("{}", config.report());
            config.validate()?;
            Ok(())
        }
        Command::Migrate(migrate) => migrate.run(),
        Command::Revoke(revoke) => revoke.run(),
        Command::Token { sub, name, ttl, role, jwt_secret, jwt_issuer, jwt_audience } => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let exp = (now + ttl).as_secs();
            let claims = Claims::new(sub, exp).issued(now);
            let claims = Claims { name, roles: role, iss: jwt_issuer, aud: jwt_audience, ..claims };
            println!("{}", mint(&Key::secret(&jwt_secret)?, &claims).context("unable to sign the token")?);
            Ok(())
        }
    }
}

/// What is not set explicitly is set for trying out: a key of this run, a file of its own, pages from anywhere.
fn dev(mut raw: RawConfig) -> anyhow::Result<Config> {
    if raw.jwt_secret.is_none() {
        let random: [u8; 32] = rand::random();
        raw.jwt_secret = Some(random.iter().map(|byte| format!("{byte:02x}")).collect());
    }
    if raw.database_url == "sqlite://roomcast.db?mode=rwc" {
        "sqlite://roomcast-dev.db?mode=rwc".clone_into(&mut raw.database_url);
    }
    if raw.cors_origins.is_empty() {
        "*".clone_into(&mut raw.cors_origins);
    }
    raw.welcome_rooms.get_or_insert_with(|| "general".to_owned());
    let mut config = raw.validate()?;
    config.dev = true;
    Ok(config)
}

#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    // Before anything is promised: a signal during start-up ends the process as cleanly as a later one.
    let mut terminate = signal(SignalKind::terminate()).context("unable to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("unable to listen for SIGINT")?;
    let app = tokio::select! {
        app = App::start(&config) => app?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    if config.dev {
        app.seed_room("general").await.context("unable to make the room general")?;
    }
    let listen = config.listen;
    let bind = |address| async move {
        TcpListener::bind(address).await.with_context(|| format!("unable to listen on {address}"))
    };
    let clients = bind(listen.clients).await?;
    let admin = bind(listen.admin).await?;
    tracing::info!(address = %clients.local_addr()?, metrics = %admin.local_addr()?, "listening");
    if config.dev {
        println!("Roomcast is running at http://{}", clients.local_addr()?);
        println!("A token for anybody: http://{}/dev/token?user=alice", clients.local_addr()?);
    }
    let ending = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        app.shutdown().await;
    };
    tokio::join!(app.serve(clients, admin), ending);
    Ok(())
}

fn parse_ttl(text: &str) -> Result<Duration, String> {
    let unit = text.chars().last().ok_or("empty")?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err("it ends in s, m, h or d".to_owned()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| "it begins with a number".to_owned())?;
    Ok(Duration::from_secs(count.saturating_mul(seconds)))
}
