//! A proxy as it stands between some people and the rest of the world: HTTP passes, WebSockets only if it is told so.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::{Mutex, watch},
    task::{JoinHandle, JoinSet},
};

/// What becomes of a request for a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebSockets {
    /// It passes.
    Pass,
    /// It is answered with 403.
    Refused,
    /// It passes, and nothing that follows does.
    Swallowed,
}

/// Most bytes of a request's head.
const HEAD: usize = 16 * 1024;

/// A running proxy. It ends with the value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    websockets: watch::Sender<WebSockets>,
    counts: Arc<Counts>,
    cut: watch::Sender<u64>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    passed: AtomicUsize,
    refused: AtomicUsize,
    polled: AtomicUsize,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// A proxy before this server.
    ///
    /// # Panics
    /// If no port can be had.
    pub async fn start(server: SocketAddr, websockets: WebSockets) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::port::free())).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let (websockets, told) = watch::channel(websockets);
        let (cut, cuts) = watch::channel(0);
        let counts = Arc::<Counts>::default();
        let shared = counts.clone();
        let task = tokio::spawn(async move {
            // Dropped with the task, these end with it.
            let links = Mutex::new(JoinSet::new());
            while let Ok((client, _)) = listener.accept().await {
                let (told, counts, mut cuts) = (told.clone(), shared.clone(), cuts.clone());
                cuts.mark_unchanged();
                links.lock().await.spawn(async move {
                    tokio::select! {
                        _ = pass(client, server, &told, &counts) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { address, websockets, counts, cut, task }
    }

    /// `http://…`, as clients want it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Treats WebSockets so from now on.
    pub fn set(&self, websockets: WebSockets) {
        self.websockets.send_replace(websockets);
    }

    /// Ends all that passes.
    pub fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    /// WebSockets that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.counts.passed.load(Ordering::Relaxed)
    }

    /// WebSockets that were refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.counts.refused.load(Ordering::Relaxed)
    }

    /// TCP connections that carried plain requests.
    #[must_use]
    pub fn polled(&self) -> usize {
        self.counts.polled.load(Ordering::Relaxed)
    }
}

/// One TCP connection: its first request says what it is for.
async fn pass(
    mut client: TcpStream,
    server: SocketAddr,
    told: &watch::Receiver<WebSockets>,
    counts: &Counts,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD {
        if client.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let upgrade = String::from_utf8_lossy(&head).to_ascii_lowercase().contains("\nupgrade: websocket");
    let websockets = *told.borrow();
    match (upgrade, websockets) {
        (false, _) => counts.polled.fetch_add(1, Ordering::Relaxed),
        (true, WebSockets::Refused) => {
            counts.refused.fetch_add(1, Ordering::Relaxed);
            client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
            return client.shutdown().await;
        }
        (true, _) => counts.passed.fetch_add(1, Ordering::Relaxed),
    };
    let mut upstream = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    upstream.write_all(&head).await?;
    if upgrade && websockets == WebSockets::Swallowed {
        let mut answer = vec![0; HEAD];
        let length = upstream.read(&mut answer).await?;
        let end = answer[..length].windows(4).position(|end| end == b"\r\n\r\n").map_or(length, |end| end + 4);
        client.write_all(&answer[..end]).await?;
        return std::future::pending().await;
    }
    copy_bidirectional(&mut client, &mut upstream).await.map(drop)
}
