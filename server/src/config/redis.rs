//! The settings of the bus.

use super::{RawConfig, settings::Check};
use crate::hub::redis::{BusKey, Prefix, RedisSettings, Target};

/// Shortest secret, in bytes.
const KEY_MIN: usize = 32;

impl RawConfig {
    /// The bus, if there is one; what is wrong with it is said.
    pub(super) fn redis(&self, check: &mut Check) -> Option<RedisSettings> {
        let url = self.redis_url.as_deref().filter(|url| !url.is_empty())?;
        let authority = self.redis_ca.as_deref().and_then(|path| {
            let read = std::fs::read(path);
            read.map_err(|error| check.say("ROOMCAST_REDIS_CA", format!("{path:?} cannot be read: {error}"))).ok()
        });
        let target = Target::parse(url, authority);
        let target = target.map_err(|error| check.say("ROOMCAST_REDIS_URL", error.to_string())).ok();
        let secret = match self.redis_key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) if key.len() < KEY_MIN => {
                let why = format!("it has {} bytes and needs {KEY_MIN}; make one: openssl rand -hex 32", key.len());
                check.say("ROOMCAST_REDIS_KEY", why);
                None
            }
            // A tokens' secret that is missing or too short is reported on its own.
            own => own.or_else(|| self.jwt_secret.as_deref().filter(|secret| !secret.is_empty())),
        };
        if secret.is_none() && self.jwt_keys.is_some() {
            let why = "there is none, and no ROOMCAST_JWT_SECRET that it could be derived from";
            check.say("ROOMCAST_REDIS_KEY", format!("{why}; make one: openssl rand -hex 32"));
        }
        let prefix = Prefix::parse(&self.redis_prefix);
        let prefix = prefix.map_err(|error| check.say("ROOMCAST_REDIS_PREFIX", error.to_string())).ok();
        Some(RedisSettings { target: target?, key: BusKey::derived_from(secret?.as_bytes()), prefix: prefix? })
    }
}
