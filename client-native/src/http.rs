//! Long polling's requests, each made by a task of its own.
//!
//! They go by the same TLS settings as the WebSockets, straight to the server: neither looks at the proxy settings
//! of the environment, so that both reach it the same way or not at all.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};
use roomcast_client_core::{CloseReason, ConnId, Input, Method};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use crate::{
    Error,
    socket::{Address, CLOSE, CONNECT, MESSAGE_BYTES},
};

/// A request to write takes no longer; the core gives up sooner.
const WRITE: Duration = Duration::from_secs(30);

/// Makes requests.
pub(crate) struct Http {
    client: Client,
    address: Address,
    inputs: mpsc::Sender<Input>,
    reads: BTreeMap<ConnId, AbortHandle>,
    tasks: JoinSet<()>,
}

impl Http {
    pub(crate) fn new(address: Address, inputs: mpsc::Sender<Input>) -> Result<Self, Error> {
        let tls = match address.tls() {
            Some(config) => ClientConfig::clone(config),
            None => no_roots()?,
        };
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .build()
            .map_err(|error| Error::System(error.to_string()))?;
        Ok(Self { client, address, inputs, reads: BTreeMap::new(), tasks: JoinSet::new() })
    }

    pub(crate) fn request(&mut self, conn: ConnId, method: Method, path_and_query: &str, body: String) {
        while self.tasks.try_join_next().is_some() {}
        let url = self.address.http_url(path_and_query);
        let request = match method {
            Method::Get => self.client.get(url),
            Method::Post => {
                let text = HeaderValue::from_static("text/plain;charset=UTF-8");
                self.client.post(url).header(CONTENT_TYPE, text).timeout(WRITE).body(body)
            }
        };
        let inputs = self.inputs.clone();
        let task = self.tasks.spawn(async move {
            let answer = async { read(request.send().await.map_err(told)?).await };
            let input = match answer.await {
                Ok((status, body)) => Input::Response { conn, method, status, body },
                Err(why) => {
                    tracing::debug!(conn = conn.0, why, "request failed");
                    Input::Closed(conn, CloseReason(why))
                }
            };
            // Without a driver there is nobody to tell.
            drop(inputs.send(input).await);
        });
        if method == Method::Get {
            self.reads.insert(conn, task);
        }
    }

    /// Gives up waiting for what the server says; what is being said to it is said to its end.
    pub(crate) fn close(&mut self, conn: ConnId) {
        if let Some(read) = self.reads.remove(&conn) {
            read.abort();
        }
    }

    /// Waits until what is being said is said.
    pub(crate) async fn finish(mut self) {
        self.reads.values().for_each(AbortHandle::abort);
        // Whoever is too slow is dropped with the set.
        drop(timeout(CLOSE * 2, async { while self.tasks.join_next().await.is_some() {} }).await);
    }
}

/// A status, and the body where it is worth reading.
async fn read(mut response: Response) -> Result<(u16, String), String> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while status == 200
        && let Some(chunk) = response.chunk().await.map_err(told)?
    {
        if body.len() + chunk.len() > MESSAGE_BYTES {
            return Err("unable to read the server's answer; it is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8(body).map_err(|_| "unable to read the server's answer; it is no text".to_owned())?;
    Ok((status, body))
}

/// Never with the address: it names the session.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|cause| format!("; {cause}")).unwrap_or_default();
    format!("unable to ask the server; {error}{cause}")
}

/// For an address without TLS: the client must be given settings all the same, or it would look for its own.
fn no_roots() -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::System(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}
