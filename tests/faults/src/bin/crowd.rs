//! Many raw clients in one process: each connects, remembers what it has, and comes back with it when its connection
//! is lost. Says on its standard output how many are there, and once all have come back, how long that took them.
//!
//! `crowd ADDRESS COUNT`: clients `crowd-0` and so on.

use std::{
    env,
    error::Error,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use roomcast_protocol::{
    Rev, RoomId,
    event::InitialState,
    handshake::{Auth, Resume},
    model::{DeltaKind, RoomDelta},
    wire::{self, EnginePacket, Heartbeat, Namespace, Packet},
};
use roomcast_tests::{Dice, Token};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// So many clients come from one address: an address has 28,000 ports.
const OF_ONE_ADDRESS: usize = 2_000;
/// From the connection to the initial state.
const PATIENCE: Duration = Duration::from_secs(10);
/// The ceilings of the first and of the longest pause, as the client's own.
const PAUSES_MS: (u64, u64) = (500, 30_000);
/// So many begin at once at first; afterwards all do.
const AT_FIRST: usize = 50;

type Socket = WebSocketStream<TcpStream>;

/// What became of a client.
enum Told {
    There { new: usize, resumed: usize },
    Lost,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [address, count] = words.as_slice() else {
        return Err("unable to begin; ADDRESS COUNT are needed".into());
    };
    let (address, count): (SocketAddr, usize) = (address.parse()?, count.parse()?);
    let (tell, mut told) = mpsc::channel(1_024);
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_FIRST));
    for number in 0..count {
        let (tell, gate) = (tell.clone(), Arc::clone(&gate));
        tokio::spawn(async move { live(number, address, &tell, &gate).await });
    }
    let attempts = &ATTEMPTS;
    let (mut there, mut lost_at, mut came_back) = (0_usize, None, Vec::new());
    let (mut anew, mut resumed) = (0, 0);
    while let Some(news) = told.recv().await {
        match news {
            Told::There { new, resumed: of_it } => {
                there += 1;
                anew += new;
                resumed += of_it;
                if let Some(since) = lost_at {
                    came_back.push(Instant::now() - since);
                }
            }
            Told::Lost => {
                there -= 1;
                if lost_at.is_none() {
                    lost_at = Some(Instant::now());
                    attempts.store(0, Ordering::Relaxed);
                    (anew, resumed) = (0, 0);
                }
            }
        }
        if there == count {
            let at = |percent: usize| came_back.get(came_back.len().saturating_sub(1) * percent / 100);
            let at = |percent| at(percent).copied().unwrap_or_default().as_millis();
            let attempts = attempts.load(Ordering::Relaxed);
            println!(
                "there {count} new {anew} resumed {resumed} attempts {attempts} p50 {} p99 {} last {}",
                at(50),
                at(99),
                at(100)
            );
            (lost_at, came_back) = (None, Vec::new());
        }
    }
    Ok(())
}

static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);

async fn live(number: usize, address: SocketAddr, tell: &mpsc::Sender<Told>, gate: &tokio::sync::Semaphore) {
    let token = Token::of(&format!("crowd-{number}")).ttl(Duration::from_secs(24 * 3_600)).sign();
    let mut dice = Dice::new(number as u64 + 1);
    let mut resume: Option<Resume> = None;
    let mut failures = 0_u32;
    loop {
        let permit = if resume.is_none() { gate.acquire().await.ok() } else { None };
        ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        let auth = Auth { token: token.clone(), resume: resume.clone(), client: None };
        let connected = timeout(PATIENCE, connect(number, address, &auth)).await;
        drop(permit);
        if let Ok(Ok((mut socket, state))) = connected {
            failures = 0;
            let kept = state.deltas.iter().map(|delta| (delta.room_id.clone(), delta.rev));
            let rooms = state.rooms.iter().map(|room| (room.room.id.clone(), room.room.rev)).chain(kept);
            let kept = |delta: &&RoomDelta| matches!(delta.kind, DeltaKind::UpToDate | DeltaKind::Delta);
            let resumed = state.deltas.iter().filter(kept).count();
            let counts = Told::There { new: state.rooms.len() + state.deltas.len() - resumed, resumed };
            let rooms: Vec<(RoomId, Rev)> = rooms.collect();
            resume = Some(Resume { epoch: state.epoch, rooms: rooms.into_iter().collect() });
            if tell.send(counts).await.is_err() {
                return;
            }
            stay(&mut socket).await;
            drop(socket);
            if tell.send(Told::Lost).await.is_err() {
                return;
            }
        }
        let ceiling = PAUSES_MS.0.saturating_mul(1 << failures.min(10)).min(PAUSES_MS.1);
        failures += 1;
        sleep(Duration::from_millis(dice.below(ceiling))).await;
    }
}

async fn connect(
    number: usize,
    address: SocketAddr,
    auth: &Auth,
) -> Result<(Socket, InitialState), Box<dyn Error + Send + Sync>> {
    let host = u8::try_from(2 + number / OF_ONE_ADDRESS)?;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)), 0))?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let small = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(0);
    let (mut socket, _) = client_async_with_config(url, stream, Some(small)).await?;
    let connect = wire::encode_connect(Namespace::ROOT, auth)?;
    socket.send(Message::text(connect.into_frame())).await?;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else { continue };
        match EnginePacket::decode_text(text.as_str())? {
            EnginePacket::Ping(Heartbeat::Beat) => socket.send(Message::text("3")).await?,
            EnginePacket::Message(packet) => match Packet::decode(packet)? {
                Packet::Event { name, args, .. } if name == "initial-state" => {
                    let payload = args.first().ok_or("an event without a payload")?;
                    return Ok((socket, serde_json::from_str(payload.get())?));
                }
                Packet::ConnectError { .. } => return Err("refused".into()),
                _ => {}
            },
            _ => {}
        }
    }
    Err("closed".into())
}

/// Answers pings until the connection ends.
async fn stay(socket: &mut Socket) {
    while let Some(Ok(message)) = socket.next().await {
        if matches!(&message, Message::Text(text) if text.as_str() == "2")
            && socket.send(Message::text("3")).await.is_err()
        {
            return;
        }
    }
}
