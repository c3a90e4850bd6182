//! Public keys: which are taken, and for what.

use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair as _,
    },
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};

use super::{Authenticator as _, Claims, Key, KeyError, KeySource, TokenError, Tokens, key_set::KeySet};

const FAR: u64 = 4_000_000_000;

/// A key pair: what it signs with, and its public part as PEM.
struct Pair {
    algorithm: Algorithm,
    signs: EncodingKey,
    private: String,
    public: String,
}

impl Pair {
    fn new(algorithm: Algorithm, pkcs8: &[u8], spki: &[u8]) -> Self {
        let (private, public) = (pem("PRIVATE KEY", pkcs8), pem("PUBLIC KEY", spki));
        let signs = match algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(private.as_bytes()),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(private.as_bytes()),
            _ => EncodingKey::from_ec_pem(private.as_bytes()),
        };
        Self { algorithm, signs: signs.expect("a good key"), private, public }
    }

    fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("there is randomness");
        let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().expect("written");
        let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().expect("written");
        Self::new(Algorithm::RS256, pkcs8.as_ref(), spki.as_ref())
    }

    fn ec(algorithm: Algorithm, of: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(of).expect("there is randomness");
        let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().expect("written");
        Self::new(algorithm, pair.to_pkcs8v1().expect("written").as_ref(), spki.as_ref())
    }

    fn ed() -> Self {
        let pair = Ed25519KeyPair::generate().expect("there is randomness");
        let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().expect("written");
        Self::new(Algorithm::EdDSA, pair.to_pkcs8v1().expect("written").as_ref(), spki.as_ref())
    }

    fn all() -> [Self; 4] {
        [
            Self::rsa(),
            Self::ec(Algorithm::ES256, &ECDSA_P256_SHA256_ASN1_SIGNING),
            Self::ec(Algorithm::ES384, &ECDSA_P384_SHA384_ASN1_SIGNING),
            Self::ed(),
        ]
    }

    fn sign(&self, id: Option<&str>) -> String {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, &Claims::new("alice", FAR), &self.signs).expect("signed")
    }

    fn jwk(&self, id: &str) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.signs, self.algorithm).expect("a public part");
        jwk.common.key_id = Some(id.to_owned());
        serde_json::to_value(jwk).expect("JSON")
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let lines: Vec<String> = BASE64_STANDARD
        .encode(der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

fn tokens(text: &str) -> Tokens {
    Tokens::new(Key::published(text).expect("good keys"), None, None, None)
}

#[test]
fn g15_each_kind_of_public_key_is_taken_for_its_own_algorithm() {
    let pairs = Pair::all();
    let file: String = pairs.iter().map(|pair| pair.public.as_str()).collect();
    let set =
        json!({ "keys": pairs.iter().map(|pair| pair.jwk(&format!("{:?}", pair.algorithm))).collect::<Vec<_>>() });
    let (by_file, by_set) = (tokens(&file), tokens(&set.to_string()));
    for (pair, stranger) in pairs.iter().zip(Pair::all()) {
        let algorithm = pair.algorithm;
        let id = format!("{algorithm:?}");
        for (what, tokens, id) in [
            ("PEM", &by_file, None),
            ("PEM, whatever the token calls it", &by_file, Some("another")),
            ("a set", &by_set, Some(id.as_str())),
            ("a set, by a token without a name", &by_set, None),
        ] {
            let alice = tokens.verify(&pair.sign(id)).unwrap_or_else(|error| panic!("{algorithm:?}, {what}: {error}"));
            assert_eq!(alice.user.id.as_str(), "alice");
            assert!(tokens.verify(&stranger.sign(id)).is_err(), "{algorithm:?}, {what}: anybody's key");
        }
        assert!(by_set.verify(&pair.sign(Some("another"))).is_err(), "{algorithm:?}: a name that is not in the set");
        // What everybody knows is no secret.
        let confused = EncodingKey::from_secret(pair.public.as_bytes());
        let confused = jsonwebtoken::encode(&Header::default(), &Claims::new("alice", FAR), &confused).expect("signed");
        assert!(by_file.verify(&confused).is_err(), "{algorithm:?}: the public key as a secret");
    }
}

#[test]
fn g15_of_a_published_set_only_what_is_for_signatures_is_taken() {
    let pair = Pair::ed();
    let mut encrypts = pair.jwk("encrypts");
    encrypts["use"] = json!("enc");
    let keys = json!({ "keys": [
        { "kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "secret", "alg": "HS256" },
        { "kty": "of tomorrow", "kid": "unknown" },
        { "kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RSA-OAEP", "kid": "wraps" },
        encrypts,
        pair.jwk("signs"),
    ]});
    let keys = Key::published(&keys.to_string()).expect("one is good");
    assert_eq!(keys.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("signs")]);
}

#[test]
fn g15_what_is_no_public_key_is_refused_with_the_reason() {
    let pair = Pair::ed();
    let mut private = pair.jwk("mine");
    private["d"] = json!("AAAA");
    let refused = |text: &str| Key::published(text).expect_err("no public keys");
    assert_eq!(refused(&pair.private), KeyError::Private);
    assert_eq!(refused(&json!({ "keys": [private] }).to_string()), KeyError::Private);
    assert_eq!(refused("<html>"), KeyError::Form);
    assert_eq!(refused("{}"), KeyError::Form);
    assert_eq!(refused(r#"{"keys":[]}"#), KeyError::Empty);
    assert_eq!(refused(&format!("{}{}", pair.public, pem("CERTIFICATE", &[48, 0]))), KeyError::Kind(2));
    let many = json!({ "keys": vec![pair.jwk("one"); 101] });
    assert_eq!(refused(&many.to_string()), KeyError::TooMany(101));
}

#[test]
fn g15_a_token_that_wants_its_own_rules_is_refused() {
    let pair = Pair::ed();
    let header = Header { crit: Some(vec!["exp".to_owned()]), ..Header::new(Algorithm::EdDSA) };
    let token = jsonwebtoken::encode(&header, &Claims::new("alice", FAR), &pair.signs).expect("signed");
    assert!(matches!(tokens(&pair.public).verify(&token), Err(TokenError::Header("crit"))));
}

#[tokio::test]
async fn g15_a_file_that_cannot_be_read_any_more_leaves_its_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, pair, next) = (folder.path().join("keys.pem"), Pair::ed(), Pair::ed());
    std::fs::write(&path, &pair.public).expect("written");
    let set = KeySet::new(Vec::new(), Some(KeySource::File(path.clone())));
    set.begin().await;
    let count = || set.fitting(Algorithm::EdDSA, None).len();
    assert_eq!(count(), 1);
    std::fs::write(&path, "half a ke").expect("written");
    set.learn().await;
    assert_eq!(count(), 1, "an editor at work locks nobody out");
    std::fs::write(&path, pair.public + &next.public).expect("written");
    set.learn().await;
    assert_eq!(count(), 1, "it was read just now");
}
