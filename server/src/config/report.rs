//! What `roomcast config` prints: everything in force, with secrets hidden.

use std::fmt::Write as _;

use super::RawConfig;

impl RawConfig {
    /// The settings, a line each.
    #[must_use]
    pub fn report(&self) -> String {
        let hidden = |secret: &Option<String>| match secret {
            Some(secret) => format!("({} bytes, hidden)", secret.len()),
            None => "(none)".to_owned(),
        };
        let optional = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let rows = [
            ("ROOMCAST_LISTEN", self.listen.clone()),
            ("ROOMCAST_ADMIN_LISTEN", self.admin_listen.clone()),
            ("ROOMCAST_DATABASE_URL", without_password(&self.database_url)),
            ("ROOMCAST_UNSAFE_DURABILITY", self.unsafe_durability.clone()),
            ("ROOMCAST_JWT_SECRET", hidden(&self.jwt_secret)),
            ("ROOMCAST_JWT_KEYS", optional(&self.jwt_keys)),
            ("ROOMCAST_JWT_ISSUER", optional(&self.jwt_issuer)),
            ("ROOMCAST_JWT_AUDIENCE", optional(&self.jwt_audience)),
            ("ROOMCAST_CORS_ORIGINS", self.cors_origins.clone()),
            ("ROOMCAST_REDIS_URL", self.redis_url.as_deref().map_or("(none)".to_owned(), without_password)),
            ("ROOMCAST_REDIS_KEY", hidden(&self.redis_key)),
            ("ROOMCAST_REDIS_PREFIX", self.redis_prefix.clone()),
            ("ROOMCAST_REDIS_CA", optional(&self.redis_ca)),
            ("ROOMCAST_NODE_NAME", optional(&self.node_name)),
            ("ROOMCAST_TRUSTED_PROXIES", self.trusted_proxies.clone()),
            ("ROOMCAST_LIMITS", self.limits.clone()),
            ("ROOMCAST_DEBUG_EVENTS", self.debug_events.clone()),
            ("ROOMCAST_PING_INTERVAL_MS", self.ping_interval_ms.clone()),
            ("ROOMCAST_PING_TIMEOUT_MS", self.ping_timeout_ms.clone()),
            ("ROOMCAST_TRANSPORTS", self.transports.clone()),
            ("ROOMCAST_PRESENCE_GRACE_MS", self.presence_grace_ms.clone()),
            ("ROOMCAST_TOKEN_GRACE_MS", self.token_grace_ms.clone()),
            ("ROOMCAST_HEADS_MS", self.heads_ms.clone()),
            ("ROOMCAST_WELCOME_ROOMS", optional(&self.welcome_rooms)),
        ];
        let mut report = String::new();
        for (name, value) in rows {
            writeln!(report, "{name:<28}{value}").expect("writing to a string does not fail");
        }
        report
    }
}

fn without_password(url: &str) -> String {
    // A database's query says how a file is opened; the one of Sentinels holds their password.
    let url = match url.split_once("?sentinel_login=") {
        Some((url, _)) => &format!("{url}?sentinel_login=(hidden)"),
        None => url,
    };
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((credentials, host)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:(hidden)@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_do_not_show() {
        assert_eq!(without_password("redis://user:pass@host:1"), "redis://user:(hidden)@host:1");
        let sentinel = without_password("redis+sentinel://:one@a:1,b:2/chat?sentinel_login=u:two");
        assert_eq!(sentinel, "redis+sentinel://:(hidden)@a:1,b:2/chat?sentinel_login=(hidden)");
        assert_eq!(without_password("sqlite://a.db?mode=rwc"), "sqlite://a.db?mode=rwc");
    }
}
