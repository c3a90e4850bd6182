//! Our own accept loop: time-outs where the stock one has none, and a hand on each connection.

mod proxies;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::Router;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower::ServiceExt as _;

pub use proxies::Proxies;

/// How long a request's head may take.
const HEADERS: Duration = Duration::from_secs(5);
/// How long sent bytes may stay unacknowledged before the kernel gives a connection up: the engine's heartbeat
/// never interrupts a writer that is blocked.
const USER_TIMEOUT: Duration = Duration::from_secs(20);

/// The other end of a connection, in each of its requests' extensions.
#[derive(Debug, Clone)]
pub struct Peer {
    client: IpAddr,
    cut: CancellationToken,
}

impl Peer {
    /// Who asks: the other end, or for whom it asks if it is a proxy of ours.
    #[must_use]
    pub fn client(&self) -> IpAddr {
        self.client
    }

    /// Ends the connection at once, whatever it is doing: its reads and writes fail from here on.
    pub fn cut(&self) {
        self.cut.cancel();
    }
}

/// Serves a router until `stop` is cancelled; then takes no new connections and returns.
pub async fn serve(listener: TcpListener, router: Router, proxies: Proxies, stop: CancellationToken) {
    let (router, proxies) = (Arc::new(router), Arc::new(proxies));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                if let Err(error) = prepare(&stream) {
                    tracing::debug!(%error, "unable to set a socket's options");
                }
                tokio::spawn(converse(stream, address, router.clone(), proxies.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: the next try in a moment, not in a spin.
                tracing::warn!(%error, "unable to accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(stream);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.set_keepalive(true)
}

async fn converse(stream: TcpStream, address: SocketAddr, router: Arc<Router>, proxies: Arc<Proxies>) {
    let cut = CancellationToken::new();
    let stream = Cuttable { stream, cut: Box::pin(cut.clone().cancelled_owned()) };
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        let client = proxies.client(address.ip(), request.headers());
        request.extensions_mut().insert(Peer { client, cut: cut.clone() });
        Router::clone(&router).oneshot(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended with an error");
    }
}

/// A stream that can be cut from outside, also while it is blocked.
struct Cuttable {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Cuttable {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by the server")),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
