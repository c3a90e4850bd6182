//! Keys: one algorithm each, decided by us and never by a token.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;

/// Shortest secret, in bytes: below it HS256 is weaker than its hash.
const SECRET_MIN: usize = 32;

/// Most keys of a set; providers publish two or three.
const KEYS_MAX: usize = 100;

/// An uncompressed point of P-256 or P-384, in bytes: what an EC key is of.
const POINTS: [(usize, Algorithm); 2] = [(65, Algorithm::ES256), (97, Algorithm::ES384)];

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret can be guessed.
    #[error("unable to use the secret; it has {0} bytes and needs {SECRET_MIN}")]
    TooShort(usize),
    /// A private key has no business here.
    #[error("unable to use the keys; one is private, and the server needs the public one: openssl pkey -pubout")]
    Private,
    /// Neither of the forms that are read.
    #[error("unable to use the keys; they are neither PEM (BEGIN PUBLIC KEY) nor a JSON Web Key Set")]
    Form,
    /// One of the PEM keys is of a kind that tokens are not checked with here.
    #[error("unable to use the keys; number {0} is none of RSA, P-256, P-384 and Ed25519")]
    Kind(usize),
    /// A set without a key to check with.
    #[error("unable to use the keys; there is none for RS256 to RS512, PS256 to PS512, ES256, ES384 or EdDSA")]
    Empty,
    /// More than anybody has.
    #[error("unable to use the keys; there are {0}, and at most {KEYS_MAX} are taken")]
    TooMany(usize),
}

/// A key and the one algorithm that it is for.
#[derive(Clone)]
pub struct Key {
    /// What tokens call it.
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    pub(super) encoding: Option<EncodingKey>,
}

/// What a key is made of never shows.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Key {
    /// A shared secret for HS256.
    ///
    /// # Errors
    /// [`KeyError::TooShort`]
    pub fn secret(secret: &str) -> Result<Self, KeyError> {
        if secret.len() < SECRET_MIN {
            return Err(KeyError::TooShort(secret.len()));
        }
        Ok(Self {
            id: None,
            algorithm: Algorithm::HS256,
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            encoding: Some(EncodingKey::from_secret(secret.as_bytes())),
        })
    }

    /// Public keys: PEM, one or more, or a JSON Web Key Set (RFC 7517). Of a set, what is not for signatures, or for an
    /// algorithm that is not known here, is passed over: providers publish such keys beside the others.
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn published(text: &str) -> Result<Vec<Self>, KeyError> {
        let keys = if text.trim_start().starts_with('{') { of_set(text)? } else { of_pem(text)? };
        match keys.len() {
            0 => Err(KeyError::Empty),
            1..=KEYS_MAX => Ok(keys),
            many => Err(KeyError::TooMany(many)),
        }
    }

    /// Whether a token that names this algorithm and this key may be checked with it. A key without a name may be any.
    pub(super) fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        self.algorithm == algorithm && id.zip(self.id.as_deref()).is_none_or(|(wanted, own)| wanted == own)
    }

    const fn public(id: Option<String>, algorithm: Algorithm, decoding: DecodingKey) -> Self {
        Self { id, algorithm, decoding, encoding: None }
    }
}

fn of_pem(text: &str) -> Result<Vec<Key>, KeyError> {
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyError::Private);
    }
    let (begin, end) = ("-----BEGIN ", "-----END ");
    let blocks = text.split(begin).skip(1).filter_map(|rest| {
        let (head, tail) = rest.split_once(end)?;
        let line = tail.lines().next().unwrap_or_default();
        Some(format!("{begin}{head}{end}{line}\n"))
    });
    let blocks: Vec<String> = blocks.collect();
    if blocks.is_empty() {
        return Err(KeyError::Form);
    }
    blocks.iter().enumerate().map(|(place, block)| pem_key(block.as_bytes()).ok_or(KeyError::Kind(place + 1))).collect()
}

fn pem_key(pem: &[u8]) -> Option<Key> {
    if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
        return Some(Key::public(None, Algorithm::RS256, key));
    }
    if let Ok(key) = DecodingKey::from_ed_pem(pem) {
        return Some(Key::public(None, Algorithm::EdDSA, key));
    }
    let key = DecodingKey::from_ec_pem(pem).ok()?;
    let length = key.try_get_as_bytes().ok()?.len();
    let (_, algorithm) = POINTS.into_iter().find(|(point, _)| *point == length)?;
    Some(Key::public(None, algorithm, key))
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

fn of_set(text: &str) -> Result<Vec<Key>, KeyError> {
    let set: Set = serde_json::from_str(text).map_err(|_| KeyError::Form)?;
    // Alone, a private part does not keep a key from being read, and it would lie about on every node.
    if set.keys.iter().any(|key| key.get("d").is_some()) {
        return Err(KeyError::Private);
    }
    // Each by itself: a kind of key that is not known here must not cost the others.
    Ok(set.keys.into_iter().filter_map(|key| set_key(&serde_json::from_value(key).ok()?)).collect())
}

fn set_key(jwk: &Jwk) -> Option<Key> {
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let named = common.key_algorithm;
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => match named {
            None | Some(KeyAlgorithm::RS256) => Algorithm::RS256,
            Some(KeyAlgorithm::RS384) => Algorithm::RS384,
            Some(KeyAlgorithm::RS512) => Algorithm::RS512,
            Some(KeyAlgorithm::PS256) => Algorithm::PS256,
            Some(KeyAlgorithm::PS384) => Algorithm::PS384,
            Some(KeyAlgorithm::PS512) => Algorithm::PS512,
            _ => return None,
        },
        AlgorithmParameters::EllipticCurve(point) => match (&point.curve, named) {
            (EllipticCurve::P256, None | Some(KeyAlgorithm::ES256)) => Algorithm::ES256,
            (EllipticCurve::P384, None | Some(KeyAlgorithm::ES384)) => Algorithm::ES384,
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(pair) => match (&pair.curve, named) {
            (EllipticCurve::Ed25519, None | Some(KeyAlgorithm::EdDSA)) => Algorithm::EdDSA,
            _ => return None,
        },
        // A secret that is published is none.
        _ => return None,
    };
    Some(Key::public(common.key_id.clone(), algorithm, DecodingKey::from_jwk(jwk).ok()?))
}
