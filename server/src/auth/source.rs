//! Where public keys come from.

use std::{fmt, path::PathBuf, time::Duration};

use reqwest::{Client, Url, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{Key, KeyError};

/// How long a provider may take.
const FETCH: Duration = Duration::from_secs(3);

/// Largest file or answer, in bytes.
const MOST: usize = 512 * 1024;

/// A file or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// PEM or a JSON Web Key Set.
    File(PathBuf),
    /// A JSON Web Key Set: `https://…`, or `http://…` inside of one's own network.
    Url(Url),
}

/// Why keys could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file cannot be read.
    #[error("unable to read the keys")]
    File(#[from] std::io::Error),
    /// The provider does not answer.
    #[error("unable to fetch the keys")]
    Fetch(#[from] reqwest::Error),
    /// There is no encryption to ask it over.
    #[error("unable to fetch the keys")]
    Tls(#[source] rustls::Error),
    /// It says something else than keys.
    #[error("unable to fetch the keys; the answer has the status {0}")]
    Status(u16),
    /// It is too long.
    #[error("unable to take the keys; they are longer than {MOST} bytes")]
    TooLong,
    /// It holds nothing that tokens can be checked with.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

impl KeySource {
    /// From a setting.
    ///
    /// # Errors
    /// What is wrong with an address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_address = text.starts_with("https://") || text.starts_with("http://");
        if !is_address {
            return Ok(Self::File(text.into()));
        }
        let url = Url::parse(text).map_err(|error| format!("it is no address; {error}"))?;
        if url.password().is_some() {
            return Err("it has a password in it, and keys that are public need none".to_owned());
        }
        Ok(Self::Url(url))
    }

    /// How often it is worth a look.
    pub(super) const fn every(&self) -> Duration {
        match self {
            Self::File(_) => Duration::from_secs(10),
            Self::Url(_) => Duration::from_secs(300),
        }
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// [`SourceError`]
    pub async fn read(&self) -> Result<Vec<Key>, SourceError> {
        let text = match self {
            Self::File(path) => {
                if tokio::fs::metadata(path).await?.len() > MOST as u64 {
                    return Err(SourceError::TooLong);
                }
                tokio::fs::read_to_string(path).await?
            }
            Self::Url(url) => fetch(url).await?,
        };
        Ok(Key::published(&text)?)
    }
}

/// With the system's roots as they are now.
fn tls() -> Result<ClientConfig, SourceError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config =
        ClientConfig::builder_with_provider(ring::default_provider().into()).with_safe_default_protocol_versions();
    Ok(config.map_err(SourceError::Tls)?.with_root_certificates(roots).with_no_client_auth())
}

async fn fetch(url: &Url) -> Result<String, SourceError> {
    // Whoever answers decides who may come in: it is asked where the operator said, and nowhere else.
    let client = Client::builder().tls_backend_preconfigured(tls()?).timeout(FETCH).redirect(redirect::Policy::none());
    let client = client.build()?;
    let mut response = client.get(url.clone()).header("accept", "application/json").send().await?;
    if !response.status().is_success() {
        return Err(SourceError::Status(response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await? {
        bytes.extend_from_slice(&part);
        if bytes.len() > MOST {
            return Err(SourceError::TooLong);
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
