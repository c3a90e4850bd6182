//! One WebSocket: opened, read and written by a task of its own.

use std::{io, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use roomcast_client_core::{CloseReason, ConnId, Input};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::{net::TcpStream, sync::mpsc, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{Error as WsError, Message, http::Uri, protocol::WebSocketConfig},
};

use crate::Error;

/// From the name to the open WebSocket.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// From the wish to close to the end, whatever the server does.
pub(crate) const CLOSE: Duration = Duration::from_secs(2);
/// Frames that wait to be written. The core sends few: so many mean that the network takes none.
const QUEUE: usize = 1_024;
/// Largest message taken: an `initial-state` of a thousand rooms is a few megabytes.
pub(crate) const MESSAGE_BYTES: usize = 32 * 1024 * 1024;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where the server is.
#[derive(Clone)]
pub(crate) struct Address {
    host: String,
    port: u16,
    prefix: String,
    authority: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Address {
    pub(crate) fn parse(text: &str, tls: Option<Arc<ClientConfig>>) -> Result<Self, Error> {
        let invalid = || Error::Address(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| invalid())?;
        let (secure, default_port) = match uri.scheme_str() {
            Some("http" | "ws") => (false, 80),
            Some("https" | "wss") => (true, 443),
            _ => return Err(invalid()),
        };
        let authority = uri.authority().ok_or_else(invalid)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match (secure, tls) {
            (false, _) => None,
            (true, Some(config)) => Some(config),
            (true, None) => Some(system_roots()?),
        };
        Ok(Self {
            host,
            port: authority.port_u16().unwrap_or(default_port),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authority: authority.as_str().rsplit('@').next().unwrap_or_default().to_owned(),
            tls,
        })
    }

    pub(crate) fn http_url(&self, path_and_query: &str) -> String {
        self.url(if self.tls.is_some() { "https" } else { "http" }, path_and_query)
    }

    pub(crate) const fn tls(&self) -> Option<&Arc<ClientConfig>> {
        self.tls.as_ref()
    }

    fn url(&self, scheme: &str, path_and_query: &str) -> String {
        format!("{scheme}://{}{}{path_and_query}", self.authority, self.prefix)
    }
}

fn system_roots() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::System(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The driver's end of a socket. Dropped, the socket sends what is queued and closes.
pub(crate) struct Socket {
    pub(crate) frames: mpsc::Sender<String>,
    pub(crate) task: JoinHandle<()>,
}

/// Opens a socket; what happens on it goes to `inputs`.
pub(crate) fn open(address: Address, conn: ConnId, path_and_query: &str, inputs: mpsc::Sender<Input>) -> Socket {
    let (frames, queue) = mpsc::channel(QUEUE);
    let url = address.url(if address.tls.is_some() { "wss" } else { "ws" }, path_and_query);
    let task = tokio::spawn(async move {
        let why = match timeout(CONNECT, dial(&address, &url)).await {
            Err(_) => "unable to connect; it took too long".to_owned(),
            Ok(Err(error)) => format!("unable to connect; {error}"),
            Ok(Ok(stream)) => serve(stream, conn, queue, &inputs).await,
        };
        tracing::debug!(conn = conn.0, why, "socket closed");
        // Without a driver there is nobody to tell.
        drop(inputs.send(Input::Closed(conn, CloseReason(why))).await);
    });
    Socket { frames, task }
}

async fn dial(address: &Address, url: &str) -> Result<Stream, WsError> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    stream.set_nodelay(true)?;
    let limits = WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES)).max_frame_size(Some(MESSAGE_BYTES));
    let connector = address.tls.clone().map_or(Connector::Plain, Connector::Rustls);
    let (stream, _) = client_async_tls_with_config(url, stream, Some(limits), Some(connector)).await?;
    Ok(stream)
}

/// Reads and writes side by side: a full queue of the one does not stop the other.
async fn serve(stream: Stream, conn: ConnId, queue: mpsc::Receiver<String>, inputs: &mpsc::Sender<Input>) -> String {
    let (mut sink, mut stream) = stream.split();
    let read = async {
        drop(inputs.send(Input::Opened(conn)).await);
        while let Some(message) = stream.next().await {
            match message {
                Ok(Message::Text(text)) => drop(inputs.send(Input::Frame(conn, text.to_string())).await),
                Ok(Message::Close(frame)) => {
                    return frame.map_or_else(|| "closed by the server".to_owned(), |frame| frame.to_string());
                }
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
        "closed by the server".to_owned()
    };
    let write = write(&mut sink, queue);
    tokio::pin!(read);
    tokio::select! {
        why = &mut read => why,
        written = write => {
            drop(timeout(CLOSE, sink.close()).await);
            // The server's own close says that it has read everything.
            drop(timeout(CLOSE, read).await);
            written.map_or_else(|error| error.to_string(), |()| "closed".to_owned())
        }
    }
}

/// Writes until the driver lets go. Frames that wait together leave with one flush.
async fn write(sink: &mut SplitSink<Stream, Message>, mut queue: mpsc::Receiver<String>) -> Result<(), WsError> {
    while let Some(frame) = queue.recv().await {
        sink.feed(Message::text(frame)).await?;
        while let Ok(frame) = queue.try_recv() {
            sink.feed(Message::text(frame)).await?;
        }
        sink.flush().await?;
    }
    Ok(())
}

/// Lets a socket say what is queued, and waits for its end.
pub(crate) async fn close(socket: Socket) {
    let Socket { frames, mut task } = socket;
    drop(frames);
    if timeout(CLOSE * 2, &mut task).await.is_err() {
        task.abort();
    }
}

/// Why a frame could not be queued.
pub(crate) fn stuck() -> CloseReason {
    CloseReason(io::Error::new(io::ErrorKind::TimedOut, "the network takes no more").to_string())
}
