//! A link: a port that leads somewhere else.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    pump::{Ear, Side, pump},
    weather::{Door, Weather},
};
use crate::Dice;

/// Where a link leads, asked for each connection.
type Upstream = Arc<dyn Fn() -> Option<SocketAddr> + Send + Sync>;

/// Makes an ear for each connection.
type Ears = Arc<dyn Fn() -> Ear + Send + Sync>;

/// A link whose weather can be changed at any time. It ends with the value.
pub struct Link {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    resets: watch::Sender<u64>,
    made: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("address", &self.address).field("weather", &self.weather).finish_non_exhaustive()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Link {
    /// A link to one place, in good weather. Its jitter is drawn from the seed.
    pub async fn to(place: SocketAddr, seed: u64) -> Self {
        Self::start(move || Some(place), seed).await
    }

    /// A link that asks where to lead for each connection; `None` refuses it.
    ///
    /// # Panics
    /// If no port can be had.
    pub async fn start(upstream: impl Fn() -> Option<SocketAddr> + Send + Sync + 'static, seed: u64) -> Self {
        Self::open(Arc::new(upstream), Arc::new(|| None), seed).await
    }

    /// The same with an ear for each connection, which hears what arrives at whoever connected.
    ///
    /// # Panics
    /// If no port can be had.
    pub async fn tapped<E: FnMut(&[u8]) + Send + 'static>(
        upstream: impl Fn() -> Option<SocketAddr> + Send + Sync + 'static,
        ears: impl Fn() -> E + Send + Sync + 'static,
        seed: u64,
    ) -> Self {
        Self::open(Arc::new(upstream), Arc::new(move || Some(Box::new(ears()))), seed).await
    }

    async fn open(upstream: Upstream, ears: Ears, seed: u64) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, crate::port::free()));
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let (weather, told) = watch::channel(Weather::default());
        let (resets, reset) = watch::channel(0);
        let made = Arc::<AtomicUsize>::default();
        let calls = Calls {
            upstream,
            ears,
            weather: told,
            resets: reset,
            made: Arc::clone(&made),
            seed,
            next: AtomicU64::new(0),
        };
        let task = tokio::spawn(listen(address, listener, calls));
        Self { address, weather, resets, made, task }
    }

    /// Where it begins.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…`, as clients want it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Has this weather from now on.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Resets all connections of now: both ends get an RST.
    pub fn reset(&self) {
        self.resets.send_modify(|count| *count += 1);
    }

    /// Connections that were made over it.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }
}

struct Calls {
    upstream: Upstream,
    ears: Ears,
    weather: watch::Receiver<Weather>,
    resets: watch::Receiver<u64>,
    made: Arc<AtomicUsize>,
    seed: u64,
    next: AtomicU64,
}

async fn listen(address: SocketAddr, first: TcpListener, mut calls: Calls) {
    let mut listener = Some(first);
    // Dropped with the task, these end with it.
    let mut connections = JoinSet::new();
    loop {
        let door = calls.weather.borrow_and_update().door;
        match (&listener, door) {
            (Some(_), Door::Refused) => listener = None,
            (None, Door::Open) => {
                // Somebody else may have the port for a moment.
                listener = TcpListener::bind(address).await.ok();
                if listener.is_none() {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
            (Some(open), Door::Open) => {
                tokio::select! {
                    call = open.accept() => if let Ok((caller, _)) = call { connections.spawn(calls.connection(caller)); },
                    told = calls.weather.changed() => if told.is_err() { return },
                }
                while connections.try_join_next().is_some() {}
            }
            (None, Door::Refused) => {
                if calls.weather.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Calls {
    fn connection(&self, caller: TcpStream) -> impl Future<Output = ()> + Send + 'static {
        let (upstream, weather, mut resets) = (self.upstream.clone(), self.weather.clone(), self.resets.clone());
        let (made, number) = (self.made.clone(), self.next.fetch_add(2, Ordering::Relaxed));
        let dice = [0, 1].map(|side| Dice::new(self.seed ^ (number + side).wrapping_mul(0x9e37_79b9)));
        let ear = (self.ears)();
        resets.mark_unchanged();
        async move {
            let connected = match upstream() {
                Some(place) => TcpStream::connect(place).await.ok(),
                None => None,
            };
            let Some(place) = connected else { return reset(&caller) };
            made.fetch_add(1, Ordering::Relaxed);
            // A socket that is gone already says so when it is used.
            let _ = (caller.set_nodelay(true), place.set_nodelay(true));
            let ((mut from_caller, mut to_caller), (mut from_place, mut to_place)) =
                (caller.into_split(), place.into_split());
            let [up, down] = dice;
            let both = async {
                tokio::try_join!(
                    pump(&mut from_caller, &mut to_place, Side::Up, weather.clone(), up, None),
                    pump(&mut from_place, &mut to_caller, Side::Down, weather, down, ear),
                )
                .map(drop)
            };
            let ended: io::Result<()> = tokio::select! {
                ended = both => ended,
                _ = resets.changed() => Err(io::ErrorKind::ConnectionReset.into()),
            };
            if ended.is_err() {
                reset(from_caller.as_ref());
                reset(from_place.as_ref());
                // Dropped, they would say goodbye in good form.
                to_caller.forget();
                to_place.forget();
            }
        }
    }
}

/// Has the other side get an RST when the socket is dropped.
fn reset(stream: &TcpStream) {
    // One that is gone needs none.
    let _ = stream.set_zero_linger();
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::faulty::{Passing, Way};

    /// A place that sends back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::port::free())).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn linked() -> (Link, TcpStream) {
        let link = Link::to(echo().await, 1).await;
        let stream = TcpStream::connect(link.address()).await.expect("connected");
        (link, stream)
    }

    async fn answered(stream: &mut TcpStream) -> Option<io::Result<[u8; 5]>> {
        let mut answer = [0; 5];
        let read = tokio::time::timeout(Duration::from_millis(150), stream.read_exact(&mut answer)).await.ok()?;
        Some(read.map(|_| answer))
    }

    async fn says_hello(stream: &mut TcpStream) -> Option<io::Result<[u8; 5]>> {
        stream.write_all(b"hello").await.expect("written");
        answered(stream).await
    }

    #[tokio::test]
    async fn bytes_arrive_late() {
        let (link, mut stream) = linked().await;
        link.set(Weather::both(Way::late(Duration::from_millis(30), Duration::from_millis(5))));
        let began = Instant::now();
        assert_eq!(says_hello(&mut stream).await.expect("in time").expect("well"), *b"hello");
        assert!(began.elapsed() >= Duration::from_millis(60), "it took {:?}", began.elapsed());
    }

    #[tokio::test]
    async fn what_is_frozen_arrives_in_the_end_and_what_is_swallowed_never() {
        let (link, mut stream) = linked().await;
        link.set(Weather::down(Way::passing(Passing::Frozen)));
        assert!(says_hello(&mut stream).await.is_none());
        link.set(Weather::default());
        assert_eq!(answered(&mut stream).await.expect("in time").expect("well"), *b"hello");

        link.set(Weather::up(Way::passing(Passing::Swallowed)));
        assert!(says_hello(&mut stream).await.is_none());
        link.set(Weather::default());
        assert!(says_hello(&mut stream).await.is_none());
    }

    #[tokio::test]
    async fn a_connection_is_cut_at_a_byte_and_reset() {
        let (link, mut stream) = linked().await;
        link.set(Weather::down(Way::passing(Passing::CutAfter(7))));
        assert_eq!(says_hello(&mut stream).await.expect("in time").expect("well"), *b"hello");
        assert!(says_hello(&mut stream).await.expect("in time").is_err());

        let (link, mut stream) = linked().await;
        assert_eq!(says_hello(&mut stream).await.expect("in time").expect("well"), *b"hello");
        link.reset();
        let error = answered(&mut stream).await.expect("in time").expect_err("it was reset");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn few_bytes_trickle_through() {
        let (link, mut stream) = linked().await;
        link.set(Weather::up(Way::narrow(20)));
        assert!(says_hello(&mut stream).await.is_none());
        link.set(Weather::default());
        let mut rest = Vec::new();
        stream.shutdown().await.expect("well");
        stream.read_to_end(&mut rest).await.expect("well");
        assert!(b"hello".ends_with(&rest), "{rest:?}");
    }

    #[tokio::test]
    async fn a_closed_door_refuses_and_opens_again() {
        let (link, _) = linked().await;
        link.set(Weather::refused());
        let refused = async || TcpStream::connect(link.address()).await.is_err();
        assert!(crate::eventually(crate::SOON, refused).await);
        link.set(Weather::default());
        assert!(crate::eventually(crate::SOON, async || !refused().await).await);
    }
}
