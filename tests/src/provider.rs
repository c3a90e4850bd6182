//! An identity provider: it signs tokens with keys of its own, and publishes the public ones as a JSON Web Key Set.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

use crate::port;

/// A key for ES256.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    key: EncodingKey,
}

impl SigningKey {
    /// A new one, of this name.
    ///
    /// # Panics
    /// Without randomness.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("there is randomness");
        let pkcs8 = pair.to_pkcs8v1().expect("a key can be written");
        Self { id: id.to_owned(), key: EncodingKey::from_ec_der(pkcs8.as_ref()) }
    }

    /// Signs claims, naming the key.
    ///
    /// # Panics
    /// Never: the key is for this.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).expect("the key signs")
    }

    /// The public part.
    fn published(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).expect("it has a public part");
        jwk.common.key_id = Some(self.id.clone());
        jwk
    }
}

/// Publishes keys. It ends with this.
pub struct Provider {
    address: SocketAddr,
    body: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Provider {
    /// One that publishes these.
    ///
    /// # Panics
    /// Where no port can be had.
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let (body, asked) = (Arc::<Mutex<String>>::default(), Arc::<AtomicUsize>::default());
        let (says, counts) = (body.clone(), asked.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = [0; 4_096];
                let _ = socket.read(&mut head).await;
                counts.fetch_add(1, Ordering::Relaxed);
                let body = says.lock().expect("no panic").clone();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = socket.write_all((head + &body).as_bytes()).await;
            }
        });
        let provider = Self { address, body, asked, task };
        provider.publish(keys);
        provider
    }

    /// From now on these, and no others.
    ///
    /// # Panics
    /// Never.
    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<Jwk> = keys.iter().map(|key| key.published()).collect();
        *self.body.lock().expect("no panic") = json!({ "keys": keys }).to_string();
    }

    /// Where the keys are.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/keys.json", self.address)
    }

    /// How often they were asked for.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}
