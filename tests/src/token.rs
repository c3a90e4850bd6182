//! Tokens as an application's own back end would make them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

/// The secret of every server under test.
pub const SECRET: &str = "a-secret-for-tests-only-0123456789abcdef";

/// A good token: of this user, named after their id, for so long.
#[must_use]
pub fn token(sub: &str, ttl: Duration) -> String {
    Token::of(sub).ttl(ttl).sign()
}

/// A token in the making.
#[derive(Debug, Clone)]
pub struct Token {
    claims: Value,
    secret: String,
}

impl Token {
    /// A token of this user, for an hour.
    #[must_use]
    pub fn of(sub: &str) -> Self {
        Self { claims: json!({ "sub": sub, "name": sub, "exp": now_s() + 3_600 }), secret: SECRET.to_owned() }
    }

    /// Runs out after so long.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        self.claim("exp", json!(now_s() + ttl.as_secs()))
    }

    /// Ran out so long ago.
    #[must_use]
    pub fn expired_for(self, age: Duration) -> Self {
        self.claim("exp", json!(now_s() - age.as_secs()))
    }

    /// With this claim; `null` takes it away.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        let claims = self.claims.as_object_mut().expect("claims are an object");
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.to_owned(), value);
        }
        self
    }

    /// Signed with another secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    /// The token, signed with HS256.
    ///
    /// # Panics
    /// Never: an HMAC takes any key.
    #[must_use]
    pub fn sign(&self) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        jsonwebtoken::encode(&Header::default(), &self.claims, &key).expect("HS256 signs anything")
    }

    /// The token with `alg: none` and no signature.
    #[must_use]
    pub fn unsigned(&self) -> String {
        let part = |json: String| base64_url(json.as_bytes());
        let header = part(json!({ "alg": "none", "typ": "JWT" }).to_string());
        format!("{header}.{}.", part(self.claims.to_string()))
    }
}

/// Seconds since 1970.
///
/// # Panics
/// Before 1970.
#[must_use]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs()
}

fn base64_url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..=chunk.len() {
            let index = bits >> (18 - 6 * i) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_base64_url() {
        assert_eq!(base64_url(b"{\"alg\":\"none\"}"), "eyJhbGciOiJub25lIn0");
        assert_eq!(base64_url(&[0xff, 0xff, 0xfe]), "___-");
    }
}
