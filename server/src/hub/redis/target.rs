//! Where Redis is: one server, one behind Sentinels, or a cluster, as the URL's scheme says.

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion,
    TlsCertificates,
};

use super::session::DEADLINE;

/// Why a URL cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// Its scheme is none of ours.
    #[error("it begins with none of redis://, rediss://, redis+sentinel://, redis+cluster:// (rediss+… for TLS)")]
    Scheme,
    /// A server's address or the credentials cannot be read.
    #[error("{0:?} is no server; it looks like HOST:PORT")]
    Server(String),
    /// There are several servers where there can be but one.
    #[error("it names several servers; say redis+cluster:// or redis+sentinel://")]
    Several,
    /// Sentinels watch masters by name.
    #[error("it names no master; it looks like redis+sentinel://HOST:26379,HOST:26379/MASTER")]
    NoMaster,
    /// There is a part that nothing is known about.
    #[error("{0:?} at its end is not understood")]
    Unknown(String),
    /// The certificates cannot be read.
    #[error("the certificates of the authority cannot be read; {0}")]
    Authority(String),
}

/// A Redis, and how to log in there.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) kind: Kind,
    /// The servers of the URL: the one, the Sentinels, or some nodes of the cluster.
    servers: Vec<ConnectionInfo>,
    /// How the masters are logged in to; its address is nobody's.
    login: ConnectionInfo,
    authority: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Single,
    Sentinel { master: String },
    Cluster,
}

impl Target {
    /// Reads a URL. `authority`: certificates in PEM to trust in place of the system's, for a private authority.
    ///
    /// # Errors
    /// [`TargetError`], which never shows the password.
    pub fn parse(url: &str, authority: Option<Vec<u8>>) -> Result<Self, TargetError> {
        let (scheme, rest) = url.split_once("://").ok_or(TargetError::Scheme)?;
        let (base, flavour) = scheme.split_once('+').unwrap_or((scheme, ""));
        if !matches!(base, "redis" | "rediss") || !matches!(flavour, "" | "sentinel" | "cluster") {
            return Err(TargetError::Scheme);
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = rest.rsplit_once('@').map_or(("", rest), |(login, rest)| (login, rest));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let sentinel_login = match query.split_once('=') {
            Some(("sentinel_login", login)) if flavour == "sentinel" => login,
            None if query.is_empty() => "",
            _ => return Err(TargetError::Unknown(query.split('=').next().unwrap_or_default().to_owned())),
        };
        let servers_login = if flavour == "sentinel" { sentinel_login } else { login };
        let servers = hosts.split(',').map(|host| server(base, servers_login, host)).collect::<Result<Vec<_>, _>>()?;
        let kind = match flavour {
            "sentinel" if path.is_empty() => return Err(TargetError::NoMaster),
            "sentinel" => Kind::Sentinel { master: path.to_owned() },
            // Pub/sub knows no databases; the first one's number does no harm.
            _ if !matches!(path, "" | "0") => return Err(TargetError::Unknown(path.to_owned())),
            "cluster" => Kind::Cluster,
            _ if servers.len() > 1 => return Err(TargetError::Several),
            _ => Kind::Single,
        };
        let target = Self { kind, servers, login: server(base, login, "nobody")?, authority };
        target.client(target.servers[0].clone()).map_err(|error| TargetError::Authority(error.to_string()))?;
        Ok(target)
    }

    /// Whether connections are encrypted.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.login.addr(), ConnectionAddr::TcpTls { .. })
    }

    /// The servers of the URL, as addresses.
    pub(super) fn servers(&self) -> impl Iterator<Item = Address> {
        self.servers.iter().filter_map(|server| match server.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some(Address { host: host.clone(), port: *port })
            }
            _ => None,
        })
    }

    /// A client of one of [`servers`](Self::servers), which may have another login than the masters.
    pub(super) fn server(&self, address: &Address) -> redis::RedisResult<Client> {
        self.client(self.at(&self.servers[0], address))
    }

    /// A client of a master.
    pub(super) fn master(&self, address: &Address) -> redis::RedisResult<Client> {
        self.client(self.at(&self.login, address))
    }

    fn at(&self, login: &ConnectionInfo, address: &Address) -> ConnectionInfo {
        let Address { host, port } = address.clone();
        login.clone().set_addr(if self.is_tls() {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        })
    }

    fn client(&self, info: ConnectionInfo) -> redis::RedisResult<Client> {
        match &self.authority {
            Some(_) if self.is_tls() => {
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: self.authority.clone() })
            }
            _ => Client::open(info),
        }
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What every connection has: neither opening it nor an answer may take long.
pub(super) fn patience() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(DEADLINE)).set_response_timeout(Some(DEADLINE))
}

fn server(base: &str, login: &str, host: &str) -> Result<ConnectionInfo, TargetError> {
    let bad = || TargetError::Server(host.to_owned());
    if host.is_empty() || host.contains('#') {
        return Err(bad());
    }
    let at = if login.is_empty() { "" } else { "@" };
    let info = format!("{base}://{login}{at}{host}").into_connection_info().map_err(|_| bad())?;
    // One connection for publishing and for what is heard needs the third version of the protocol: Redis 6 or later.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(url: &str) -> Vec<String> {
        let target = Target::parse(url, None).expect("a good URL");
        target.servers().map(|address| address.to_string()).collect()
    }

    #[test]
    fn the_scheme_says_what_it_is() {
        let kind = |url| Target::parse(url, None).expect("a good URL").kind;
        assert_eq!(kind("redis://localhost"), Kind::Single);
        assert_eq!(kind("rediss://user:p%40ss@redis.example.org:6380/0"), Kind::Single);
        assert_eq!(kind("redis+cluster://a:1,b:2"), Kind::Cluster);
        assert_eq!(kind("rediss+sentinel://:pw@a,b/chat"), Kind::Sentinel { master: "chat".to_owned() });
        assert_eq!(addresses("redis+cluster://a:1,[::1]:2"), ["a:1", "::1:2"]);
        assert_eq!(addresses("redis://localhost"), ["localhost:6379"]);
    }

    #[test]
    fn masters_and_sentinels_have_logins_of_their_own() {
        let target = Target::parse("redis+sentinel://app:one@a:1/chat?sentinel_login=watch:two", None).expect("good");
        let address = Address { host: "a".to_owned(), port: 1 };
        let login = |client: redis::RedisResult<Client>| {
            let settings = client.expect("a client").get_connection_info().redis_settings().clone();
            (settings.username().map(str::to_owned), settings.password().map(str::to_owned))
        };
        assert_eq!(login(target.master(&address)), (Some("app".to_owned()), Some("one".to_owned())));
        assert_eq!(login(target.server(&address)), (Some("watch".to_owned()), Some("two".to_owned())));
    }

    #[test]
    fn a_bad_url_says_why_and_keeps_the_password() {
        let why = |url| Target::parse(url, None).expect_err("a bad URL");
        assert_eq!(why("localhost:6379"), TargetError::Scheme);
        assert_eq!(why("redis+proxy://a"), TargetError::Scheme);
        assert_eq!(why("redis://a,b"), TargetError::Several);
        assert_eq!(why("redis+sentinel://a"), TargetError::NoMaster);
        assert_eq!(why("redis://a/7"), TargetError::Unknown("7".to_owned()));
        assert_eq!(why("redis://a?db=hunter2"), TargetError::Unknown("db".to_owned()));
        for url in ["redis://u:hunter2@", "redis://u:hunter2@a:port", "rediss://u:hunter2@a#insecure"] {
            assert!(!why(url).to_string().contains("hunter2"), "{}", why(url));
        }
    }
}
