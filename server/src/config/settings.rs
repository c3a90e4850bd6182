//! From text to settings.

use std::{fmt, net::SocketAddr, time::Duration};

use clap::{Args, Parser};
use roomcast_protocol::{Limits, RoomId};

use crate::{
    auth::{Key, KeySource, Tokens},
    gateway::{GatewaySettings, Transports},
    hub::redis::RedisSettings,
    limits::Rates,
    serve::Proxies,
    service::ServiceSettings,
    store::postgres::Durability,
};

/// Settings as they are given: all text, so that a bad one does not hide the next.
#[derive(Debug, Clone, Args)]
pub struct RawConfig {
    /// Where clients connect.
    #[arg(long, env = "ROOMCAST_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    pub listen: String,
    /// Where `/metrics` is served; keep it from the outside.
    #[arg(long, env = "ROOMCAST_ADMIN_LISTEN", default_value = "127.0.0.1:9464", value_name = "ADDRESS")]
    pub admin_listen: String,
    /// The database: `sqlite://FILE?mode=rwc` creates the file; `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(long, env = "ROOMCAST_DATABASE_URL", default_value = "sqlite://roomcast.db?mode=rwc", value_name = "URL")]
    pub database_url: String,
    /// `1` takes a Postgres that forgets what it acknowledged when it crashes (`fsync` or `synchronous_commit` off).
    #[arg(long, env = "ROOMCAST_UNSAFE_DURABILITY", default_value = "0", value_name = "0|1")]
    pub unsafe_durability: String,
    /// The secret that tokens are signed with (HS256), 32 bytes or more. `openssl rand -hex 32` makes one.
    #[arg(long, env = "ROOMCAST_JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub jwt_secret: Option<String>,
    /// Public keys that tokens are checked with, beside the secret or in its place: a file (PEM, or a JSON Web Key Set), or
    /// the address of a set. They are read again from time to time.
    #[arg(long, env = "ROOMCAST_JWT_KEYS", value_name = "FILE|URL")]
    pub jwt_keys: Option<String>,
    /// Take only tokens of this issuer.
    #[arg(long, env = "ROOMCAST_JWT_ISSUER", value_name = "ISS")]
    pub jwt_issuer: Option<String>,
    /// Take only tokens for this audience.
    #[arg(long, env = "ROOMCAST_JWT_AUDIENCE", value_name = "AUD")]
    pub jwt_audience: Option<String>,
    /// Origins of pages that may connect, separated by commas; `*` = any.
    #[arg(long, env = "ROOMCAST_CORS_ORIGINS", default_value = "", value_name = "ORIGINS")]
    pub cors_origins: String,
    /// The bus of several nodes: `redis://HOST:PORT`, `redis+sentinel://HOST:PORT,HOST:PORT/MASTER` or
    /// `redis+cluster://HOST:PORT,HOST:PORT`; `rediss…` for TLS. Without one, this node is the only one.
    #[arg(long, env = "ROOMCAST_REDIS_URL", hide_env_values = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// The secret that nodes know each other by, 32 bytes or more; the same on all. Without one it is derived from
    /// the tokens' secret.
    #[arg(long, env = "ROOMCAST_REDIS_KEY", hide_env_values = true, value_name = "SECRET")]
    pub redis_key: Option<String>,
    /// What the names of channels begin with; installations that share a Redis have different ones.
    #[arg(long, env = "ROOMCAST_REDIS_PREFIX", default_value = "roomcast:", value_name = "PREFIX")]
    pub redis_prefix: String,
    /// Certificates (PEM) that Redis' own must be signed by, in place of the system's.
    #[arg(long, env = "ROOMCAST_REDIS_CA", value_name = "FILE")]
    pub redis_ca: Option<String>,
    /// What this node is called in logs and by other nodes. Without one it is the machine's name.
    #[arg(long, env = "ROOMCAST_NODE_NAME", value_name = "NAME")]
    pub node_name: Option<String>,
    /// Addresses or networks of the balancers in front, whose `X-Forwarded-For` is believed, separated by commas.
    #[arg(long, env = "ROOMCAST_TRUSTED_PROXIES", default_value = "", value_name = "NETWORKS")]
    pub trusted_proxies: String,
    /// `off` switches rates and connection quotas off; sizes stay limited.
    #[arg(long, env = "ROOMCAST_LIMITS", default_value = "on", value_name = "on|off")]
    pub limits: String,
    /// `1` lets clients have `debug` events.
    #[arg(long, env = "ROOMCAST_DEBUG_EVENTS", default_value = "0", value_name = "0|1")]
    pub debug_events: String,
    /// How often clients are pinged, in milliseconds.
    #[arg(long, env = "ROOMCAST_PING_INTERVAL_MS", default_value = "25000", value_name = "MS")]
    pub ping_interval_ms: String,
    /// How long a pong may take, in milliseconds.
    #[arg(long, env = "ROOMCAST_PING_TIMEOUT_MS", default_value = "20000", value_name = "MS")]
    pub ping_timeout_ms: String,
    /// How clients may connect.
    #[arg(long, env = "ROOMCAST_TRANSPORTS", default_value = "all", value_name = "all|websocket|polling")]
    pub transports: String,
    /// How long a user whose connection was lost still counts as present, in milliseconds.
    #[arg(long, env = "ROOMCAST_PRESENCE_GRACE_MS", default_value = "10000", value_name = "MS")]
    pub presence_grace_ms: String,
    /// How long a connection outlives its token, in milliseconds.
    #[arg(long, env = "ROOMCAST_TOKEN_GRACE_MS", default_value = "30000", value_name = "MS")]
    pub token_grace_ms: String,
    /// Rooms that whoever comes for the first time is brought into, separated by commas. They must be there.
    #[arg(long, env = "ROOMCAST_WELCOME_ROOMS", value_name = "IDS")]
    pub welcome_rooms: Option<String>,
    /// How often a client is told the newest change of its rooms, in milliseconds.
    #[arg(long, env = "ROOMCAST_HEADS_MS", default_value = "15000", value_name = "MS")]
    pub heads_ms: String,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The environment variable.
    pub name: &'static str,
    /// What is wrong, and what to do.
    pub why: String,
}

/// All that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unable to use the settings:")?;
        for problem in &self.0 {
            write!(f, "\n  {}: {}", problem.name, problem.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where the server listens.
#[derive(Debug, Clone, Copy)]
pub struct ListenConfig {
    /// For clients.
    pub clients: SocketAddr,
    /// For operators.
    pub admin: SocketAddr,
}

/// Which pages may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Any page.
    Any,
    /// Pages of these origins.
    These(Vec<http::HeaderValue>),
}

/// Where rooms live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseConfig {
    /// A file of this node's own.
    Sqlite {
        /// `sqlite://…`
        url: String,
    },
    /// A server, which other nodes may use as well.
    Postgres {
        /// `postgres://…`
        url: String,
        /// Whether it must write through.
        durability: Durability,
    },
}

impl DatabaseConfig {
    /// Which database a URL is of; `None` of another kind.
    #[must_use]
    pub fn parse(url: &str, durability: Durability) -> Option<Self> {
        let url = url.to_owned();
        match url.split_once(':') {
            Some(("sqlite", _)) => Some(Self::Sqlite { url }),
            Some(("postgres" | "postgresql", _)) => Some(Self::Postgres { url, durability }),
            _ => None,
        }
    }
}

/// Settings that can be used.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub listen: ListenConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// What this node is called.
    pub node: String,
    /// The way to other nodes; `None` = there are none.
    pub redis: Option<RedisSettings>,
    /// The balancers in front.
    pub proxies: Proxies,
    /// Who may connect.
    pub tokens: Tokens,
    /// The key that tokens can be minted with; `None` where others mint them.
    pub key: Option<Key>,
    /// Which pages may connect.
    pub origins: Origins,
    /// Rates; `None` = switched off.
    pub rates: Option<Rates>,
    /// The engine's settings.
    pub gateway: GatewaySettings,
    /// The services' settings.
    pub service: ServiceSettings,
    /// Whether the conveniences of `roomcast dev` are served.
    pub dev: bool,
}

#[derive(Debug, Parser)]
struct FromEnv {
    #[command(flatten)]
    raw: RawConfig,
}

impl RawConfig {
    /// The settings of the environment, with the defaults for what it leaves out; for programs with a command line
    /// of their own.
    #[must_use]
    pub fn from_env() -> Self {
        FromEnv::parse_from(["roomcast"]).raw
    }

    /// Checks everything.
    ///
    /// # Errors
    /// [`Problems`], all of them at once.
    pub fn validate(&self) -> Result<Config, Problems> {
        let mut check = Check::default();
        let clients = check.address("ROOMCAST_LISTEN", &self.listen);
        let admin = check.address("ROOMCAST_ADMIN_LISTEN", &self.admin_listen);
        let unsafe_choices = [
            ("0", Durability::Required),
            ("1", Durability::Unsafe),
            ("false", Durability::Required),
            ("true", Durability::Unsafe),
        ];
        let durability = check.choice("ROOMCAST_UNSAFE_DURABILITY", &self.unsafe_durability, &unsafe_choices);
        let database = check.database(&self.database_url, durability.unwrap_or_default());
        let redis = self.redis(&mut check);
        if redis.is_some() && matches!(database, Some(DatabaseConfig::Sqlite { .. })) {
            check.say(
                "ROOMCAST_REDIS_URL",
                "several nodes cannot share a file; say postgres:// in ROOMCAST_DATABASE_URL, or leave Redis out",
            );
        }
        let proxies = check.proxies(&self.trusted_proxies);
        let node = check.node(self.node_name.as_deref());
        let keys = check.keys(self.jwt_secret.as_deref(), self.jwt_keys.as_deref());
        let origins = check.origins(&self.cors_origins);
        let limits_off = check.choice("ROOMCAST_LIMITS", &self.limits, &[("on", false), ("off", true)]);
        let debug_choices = [("0", false), ("1", true), ("false", false), ("true", true)];
        let debug_events = check.choice("ROOMCAST_DEBUG_EVENTS", &self.debug_events, &debug_choices);
        let transport_choices =
            [("all", Transports::All), ("websocket", Transports::WebSocket), ("polling", Transports::Polling)];
        let transports = check.choice("ROOMCAST_TRANSPORTS", &self.transports, &transport_choices);
        let ping_interval = check.milliseconds("ROOMCAST_PING_INTERVAL_MS", &self.ping_interval_ms, 100);
        let ping_timeout = check.milliseconds("ROOMCAST_PING_TIMEOUT_MS", &self.ping_timeout_ms, 100);
        let presence_grace = check.milliseconds("ROOMCAST_PRESENCE_GRACE_MS", &self.presence_grace_ms, 0);
        let token_grace = check.milliseconds("ROOMCAST_TOKEN_GRACE_MS", &self.token_grace_ms, 0);
        let heads = check.milliseconds("ROOMCAST_HEADS_MS", &self.heads_ms, 100);
        let welcome_rooms = check.rooms("ROOMCAST_WELCOME_ROOMS", self.welcome_rooms.as_deref().unwrap_or_default());
        let (Some(clients), Some(admin), Some((key, source)), Some(origins), Some(limits_off), Some(debug_events)) =
            (clients, admin, keys, origins, limits_off, debug_events)
        else {
            return Err(Problems(check.0));
        };
        let (Some(transports), Some(ping_interval), Some(ping_timeout), Some(grace), Some(token_grace), Some(heads)) =
            (transports, ping_interval, ping_timeout, presence_grace, token_grace, heads)
        else {
            return Err(Problems(check.0));
        };
        let (Some(database), Some(node), Some(proxies), true) = (database, node, proxies, check.0.is_empty()) else {
            return Err(Problems(check.0));
        };
        Ok(Config {
            listen: ListenConfig { clients, admin },
            database,
            node,
            redis,
            proxies,
            tokens: Tokens::new(
                key.clone().into_iter().collect(),
                source,
                self.jwt_issuer.as_deref(),
                self.jwt_audience.as_deref(),
            ),
            key,
            origins,
            rates: (!limits_off).then(Rates::default),
            gateway: GatewaySettings {
                ping_interval: Duration::from_millis(ping_interval),
                ping_timeout: Duration::from_millis(ping_timeout),
                transports,
                ..GatewaySettings::default()
            },
            service: ServiceSettings {
                // Clients pace themselves by what they are told.
                limits: if limits_off { Limits::default().without_rates() } else { Limits::default() },
                presence_grace_ms: grace,
                token_grace_ms: token_grace,
                heads_ms: heads,
                welcome_rooms,
                debug_events,
                ..ServiceSettings::default()
            },
            dev: false,
        })
    }
}

#[derive(Default)]
pub(super) struct Check(Vec<Problem>);

impl Check {
    pub(super) fn say(&mut self, name: &'static str, why: impl Into<String>) {
        self.0.push(Problem { name, why: why.into() });
    }

    fn address(&mut self, name: &'static str, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.say(name, format!("{text:?} is no address; it looks like 127.0.0.1:3000"));
        }
        address
    }

    fn database(&mut self, url: &str, durability: Durability) -> Option<DatabaseConfig> {
        let database = DatabaseConfig::parse(url, durability);
        if database.is_none() {
            self.say("ROOMCAST_DATABASE_URL", "it begins neither with sqlite:// nor with postgres://");
        }
        database
    }

    /// What tokens are checked with: one of both must be there.
    fn keys(&mut self, secret: Option<&str>, keys: Option<&str>) -> Option<(Option<Key>, Option<KeySource>)> {
        const NAME: &str = "ROOMCAST_JWT_SECRET";
        const MAKE: &str = "make one: openssl rand -hex 32";
        let (secret, keys) = (secret.filter(|secret| !secret.is_empty()), keys.filter(|keys| !keys.is_empty()));
        if secret.is_none() && keys.is_none() {
            let why = "there is none, and without a key anybody could be anybody";
            self.say(NAME, format!("{why}; {MAKE}, or say where public ones are in ROOMCAST_JWT_KEYS"));
            return None;
        }
        let secret = secret.map(Key::secret).transpose();
        let secret = secret.map_err(|error| self.say(NAME, format!("{error}; {MAKE}"))).ok();
        let keys = keys.map(readable).transpose();
        let keys = keys.map_err(|why| self.say("ROOMCAST_JWT_KEYS", why)).ok();
        secret.zip(keys)
    }

    fn node(&mut self, name: Option<&str>) -> Option<String> {
        let name = name.map_or_else(machine, str::to_owned);
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        let good = fits && (1..=64).contains(&name.len());
        if !good {
            self.say("ROOMCAST_NODE_NAME", format!("{name:?} is no name; it has 1 to 64 of A-Z a-z 0-9 _ - ."));
        }
        good.then_some(name)
    }

    fn proxies(&mut self, text: &str) -> Option<Proxies> {
        let proxies = Proxies::parse(text);
        let say = |bad| format!("{bad:?} is no address or network; it looks like 10.0.0.0/8");
        proxies.map_err(|bad| self.say("ROOMCAST_TRUSTED_PROXIES", say(bad))).ok()
    }

    fn origins(&mut self, text: &str) -> Option<Origins> {
        if text.trim() == "*" {
            return Some(Origins::Any);
        }
        let mut origins = Vec::new();
        for origin in text.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
            let web = origin.starts_with("https://") || origin.starts_with("http://");
            match origin.parse() {
                Ok(value) if web => origins.push(value),
                _ => {
                    self.say(
                        "ROOMCAST_CORS_ORIGINS",
                        format!("{origin:?} is no origin; it looks like https://example.org"),
                    );
                    return None;
                }
            }
        }
        Some(Origins::These(origins))
    }

    fn rooms(&mut self, name: &'static str, text: &str) -> Vec<RoomId> {
        let mut rooms = Vec::new();
        for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            match RoomId::parse(id) {
                Ok(room) => rooms.push(room),
                Err(error) => self.say(name, format!("{id:?} is no id of a room; {error}")),
            }
        }
        rooms
    }

    fn choice<T: Copy>(&mut self, name: &'static str, text: &str, choices: &[(&str, T)]) -> Option<T> {
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.say(name, format!("{text:?} is none of {}", words.join(", ")));
        }
        chosen
    }

    fn milliseconds(&mut self, name: &'static str, text: &str, least: u64) -> Option<u64> {
        let ms = text.parse::<u64>().ok().filter(|ms| (least..=86_400_000).contains(ms));
        if ms.is_none() {
            self.say(name, format!("{text:?} is no number of milliseconds from {least} to 86400000"));
        }
        ms
    }
}

/// A source of keys; a file has some by now.
fn readable(text: &str) -> Result<KeySource, String> {
    let source = KeySource::parse(text)?;
    if let KeySource::File(path) = &source {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{text:?} cannot be read: {error}"))?;
        Key::published(&text).map_err(|error| error.to_string())?;
    }
    Ok(source)
}

/// The machine's name, as far as it can be one of a node.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(64).collect();
    if name.is_empty() { "node".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(line: &[&str]) -> RawConfig {
        FromEnv::parse_from(std::iter::once("roomcast").chain(line.iter().copied())).raw
    }

    #[test]
    fn every_bad_setting_is_reported_at_once() {
        let bad = [
            "--listen=here",
            "--limits=some",
            "--ping-interval-ms=soon",
            "--cors-origins=example.org",
            "--welcome-rooms=a,b c",
        ];
        let problems = raw(&bad).validate().expect_err("six bad settings");
        let names: Vec<&str> = problems.0.iter().map(|problem| problem.name).collect();
        for name in [
            "ROOMCAST_LISTEN",
            "ROOMCAST_JWT_SECRET",
            "ROOMCAST_LIMITS",
            "ROOMCAST_PING_INTERVAL_MS",
            "ROOMCAST_CORS_ORIGINS",
            "ROOMCAST_WELCOME_ROOMS",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        assert!(problems.to_string().contains("openssl rand -hex 32"));
    }

    #[test]
    fn g15_public_keys_stand_in_for_the_secret_and_are_looked_at_first() {
        let address = raw(&["--jwt-keys=https://id.example.org/keys.json"]).validate().expect("good settings");
        assert!(address.key.is_none(), "nothing can be minted");
        let refused = |line: &[&str]| raw(line).validate().expect_err("bad settings").to_string();
        assert!(
            refused(&["--jwt-keys=/nowhere/keys.pem"]).contains("ROOMCAST_JWT_KEYS: \"/nowhere/keys.pem\" cannot be")
        );
        assert!(refused(&["--jwt-keys=Cargo.toml"]).contains("neither PEM"));
        assert!(!refused(&["--jwt-keys=https://me:hunter2@id.example.org"]).contains("hunter2"));
        let nodes = ["--redis-url=redis://localhost", "--database-url=postgres://localhost/chat"];
        let alone = refused(&["--jwt-keys=https://id.example.org/keys.json", nodes[0], nodes[1]]);
        assert!(alone.contains("ROOMCAST_REDIS_KEY: there is none"), "{alone}");
    }

    #[test]
    fn the_defaults_need_only_a_secret() {
        let config = raw(&["--jwt-secret=0123456789abcdef0123456789abcdef"]).validate().expect("good settings");
        assert_eq!(config.listen.clients.port(), 3000);
        assert!(config.rates.is_some() && config.redis.is_none() && !config.node.is_empty());
    }

    const SECRET: &str = "--jwt-secret=0123456789abcdef0123456789abcdef";

    #[test]
    fn several_nodes_have_redis_and_postgres() {
        let nodes = [SECRET, "--redis-url=redis://localhost", "--database-url=postgres://localhost/chat"];
        let config = raw(&nodes).validate().expect("good settings");
        assert_eq!(config.redis.expect("there is a bus").prefix.as_str(), "roomcast:");
    }

    #[test]
    fn g3_sqlite_with_redis_is_refused() {
        let problems =
            raw(&[SECRET, "--redis-url=redis://localhost"]).validate().expect_err("a file for several nodes");
        assert_eq!(problems.0.len(), 1);
        assert!(problems.to_string().contains("ROOMCAST_REDIS_URL: several nodes cannot share a file"), "{problems}");
    }

    #[test]
    fn everything_that_is_wrong_with_redis_is_said() {
        let bad = [
            SECRET,
            "--database-url=postgres://localhost/chat",
            "--redis-url=redis://user:hunter2@a,b",
            "--redis-key=short",
            "--redis-prefix={all}",
            "--redis-ca=/nowhere/ca.pem",
            "--trusted-proxies=localhost",
            "--node-name=a b",
        ];
        let problems = raw(&bad).validate().expect_err("six bad settings");
        let names: Vec<&str> = problems.0.iter().map(|problem| problem.name).collect();
        let expected = ["REDIS_CA", "REDIS_URL", "REDIS_KEY", "REDIS_PREFIX"].map(|name| format!("ROOMCAST_{name}"));
        assert_eq!(names[..4], expected);
        assert_eq!(names[4..], ["ROOMCAST_TRUSTED_PROXIES", "ROOMCAST_NODE_NAME"]);
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
    }
}
