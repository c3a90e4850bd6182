//! Checking tokens, and making them for those who have nobody else to.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use jsonwebtoken::{Header, Validation};
use roomcast_protocol::{Limits, Timestamp, UserId, model::User, validate};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Authenticator, Identity, Key, KeySource, TokenError, key_set::KeySet};

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// The user's id.
    pub sub: String,
    /// When it runs out, in seconds since the Unix epoch.
    pub exp: u64,
    /// When it was issued, in seconds since the Unix epoch (G-16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<f64>,
    /// Shown name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// `admin`: administrator of the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Who made it. Only written: what a token that comes in says is the validation's to read, in all its forms.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Whom it is for. Only written.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
}

impl Claims {
    /// The claims of a user, until so many seconds since the Unix epoch.
    #[must_use]
    pub fn new(sub: impl Into<String>, exp: u64) -> Self {
        Self { sub: sub.into(), exp, iat: None, name: None, avatar_url: None, roles: Vec::new(), iss: None, aud: None }
    }

    /// The same, issued so long after the Unix epoch: in full seconds, as others write it.
    #[must_use]
    pub fn issued(self, at: Duration) -> Self {
        Self { iat: Some(at.as_secs_f64().floor()), ..self }
    }
}

/// Longest token, in bytes.
const TOKEN_MAX: usize = 8 * 1024;

/// Checks tokens against keys. A cheap handle.
#[derive(Debug, Clone)]
pub struct Tokens {
    keys: Arc<KeySet>,
    validation: Validation,
}

impl Tokens {
    /// Checks with these keys and those of a source and, where they are given, for this issuer and audience.
    #[must_use]
    pub fn new(keys: Vec<Key>, source: Option<KeySource>, issuer: Option<&str>, audience: Option<&str>) -> Self {
        let mut validation = Validation { leeway: 0, validate_nbf: true, ..Validation::default() };
        validation.set_required_spec_claims(&["exp", "sub"]);
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        match audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.required_spec_claims.insert("aud".to_owned());
            }
            None => validation.validate_aud = false,
        }
        Self { keys: Arc::new(KeySet::new(keys, source)), validation }
    }

    /// Waits for the first keys of the source, and follows it until it is told to stop. At once where there is none.
    pub async fn follow(&self, stop: CancellationToken) {
        self.keys.begin().await;
        let keys = self.keys.clone();
        tokio::spawn(async move { keys.follow(stop).await });
    }
}

impl Authenticator for Tokens {
    fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        if token.len() > TOKEN_MAX {
            return Err(TokenError::TooLong);
        }
        let header = jsonwebtoken::decode_header(token)?;
        let risky = [
            (header.jku.is_some(), "jku"),
            (header.x5u.is_some(), "x5u"),
            (header.jwk.is_some(), "jwk"),
            (header.crit.is_some(), "crit"),
        ];
        if let Some((_, name)) = risky.iter().find(|(present, _)| *present) {
            return Err(TokenError::Header(name));
        }
        let mut refusal = None;
        for key in self.keys.fitting(header.alg, header.kid.as_deref()) {
            let validation = Validation { algorithms: vec![key.algorithm], ..self.validation.clone() };
            match jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation) {
                Ok(token) => return identity(token.claims),
                Err(error) => refusal = Some(error),
            }
        }
        match refusal {
            // Without a name, the key may be one that is not known yet.
            Some(error) if header.kid.is_some() || !self.keys.has_source() => Err(error.into()),
            Some(error) if !matches!(error.kind(), jsonwebtoken::errors::ErrorKind::InvalidSignature) => {
                Err(error.into())
            }
            _ => Err(TokenError::UnknownKey),
        }
    }

    fn learn(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.keys.learn())
    }
}

fn identity(claims: Claims) -> Result<Identity, TokenError> {
    let id = UserId::parse(&claims.sub).map_err(|_| TokenError::Subject)?;
    Ok(Identity {
        admin: claims.roles.iter().any(|role| role == "admin"),
        expires_at: Timestamp::new(claims.exp.saturating_mul(1_000)),
        issued_at: Timestamp::new(claims.iat.map_or(0, milliseconds)),
        user: User { name: shown_name(claims.name, &id), avatar_url: claims.avatar_url.filter(|url| is_web(url)), id },
    })
}

/// A name that would disguise its bearer gives way to the id, which cannot.
fn shown_name(name: Option<String>, id: &UserId) -> String {
    name.map(|name| validate::canonical(&name))
        .filter(|name| validate::name("name", name, &Limits::default()).is_ok())
        .unwrap_or_else(|| id.as_str().to_owned())
}

/// Of seconds, which may have a fraction.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a conversion that saturates")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0) as u64
}

fn is_web(url: &str) -> bool {
    url.len() <= 2_048 && (url.starts_with("https://") || url.starts_with("http://"))
}

/// Signs claims with a key that can sign.
///
/// # Errors
/// The signer's, or none to sign with.
pub fn mint(key: &Key, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    let Some(encoding) = &key.encoding else {
        return Err(jsonwebtoken::errors::ErrorKind::InvalidKeyFormat.into());
    };
    jsonwebtoken::encode(&Header::new(key.algorithm), claims, encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::KeyError;

    const SECRET: &str = "a secret of more than thirty-two bytes";
    const FAR: u64 = 4_000_000_000;

    fn key(secret: &str) -> Key {
        Key::secret(secret).expect("long enough")
    }

    #[test]
    fn g15_only_a_token_of_our_key_and_time_is_taken() {
        let tokens = Tokens::new(vec![key(SECRET)], None, None, None);
        let good = mint(&key(SECRET), &Claims::new("alice", FAR)).expect("signed");
        let identity = tokens.verify(&good).expect("valid");
        assert_eq!((identity.user.id.as_str(), identity.user.name.as_str()), ("alice", "alice"));
        assert_eq!(identity.expires_at, Timestamp::new(FAR * 1_000));

        assert_eq!(identity.issued_at, Timestamp::new(0), "it does not say when");
        let dated = Claims { iat: Some(1_764_000_000.5), ..Claims::new("alice", FAR) };
        let dated = tokens.verify(&mint(&key(SECRET), &dated).expect("signed")).expect("valid");
        assert_eq!(dated.issued_at, Timestamp::new(1_764_000_000_500));

        let expired = mint(&key(SECRET), &Claims::new("alice", 1_000)).expect("signed");
        let forged = mint(&key("another secret of thirty-two bytes!"), &Claims::new("alice", FAR)).expect("signed");
        let nobody = mint(&key(SECRET), &Claims::new("", FAR)).expect("signed");
        let (_, rest) = good.split_once('.').expect("three parts");
        let (payload, _) = rest.split_once('.').expect("three parts");
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
        for bad in [&expired, &forged, &nobody, &unsigned, "", "a.b.c", &"x".repeat(9_000)] {
            assert!(tokens.verify(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn g15_issuer_and_audience_must_be_there_when_asked_for() {
        let tokens = Tokens::new(vec![key(SECRET)], None, Some("us"), Some("chat"));
        let mut mine = Claims::new("alice", FAR);
        assert!(tokens.verify(&mint(&key(SECRET), &mine).expect("signed")).is_err());
        (mine.iss, mine.aud) = (Some("us".to_owned()), Some("chat".to_owned()));
        assert!(tokens.verify(&mint(&key(SECRET), &mine).expect("signed")).is_ok());
        mine.aud = Some("mail".to_owned());
        assert!(tokens.verify(&mint(&key(SECRET), &mine).expect("signed")).is_err());
    }

    #[test]
    fn a_disguised_name_gives_way_to_the_id() {
        let tokens = Tokens::new(vec![key(SECRET)], None, None, None);
        let mut mine = Claims::new("alice", FAR);
        mine.name = Some("ad\u{202e}nim".to_owned());
        let token = mint(&key(SECRET), &mine).expect("signed");
        assert_eq!(tokens.verify(&token).expect("valid").user.name, "alice");
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(Key::secret("short").expect_err("5 bytes"), KeyError::TooShort(5));
    }
}
