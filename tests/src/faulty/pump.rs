//! One direction of one connection.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use super::weather::{Passing, Way, Weather};
use crate::Dice;

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Chunks on their way; more wait with whoever sends them.
const UNDER_WAY: usize = 256;
/// Between the portions of a narrow way.
const PORTION: Duration = Duration::from_millis(50);

/// Which direction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Up,
    Down,
}

impl Side {
    const fn way(self, weather: &Weather) -> Way {
        match self {
            Self::Up => weather.up,
            Self::Down => weather.down,
        }
    }
}

/// Hears what arrives.
pub(super) type Ear = Option<Box<dyn FnMut(&[u8]) + Send>>;

/// Bytes and when they are due.
type Parcel = (Instant, Vec<u8>);

/// Carries bytes until the sender is done. An error, also one that the weather asks for, ends the connection.
pub(super) async fn pump(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    side: Side,
    weather: watch::Receiver<Weather>,
    dice: Dice,
    ear: Ear,
) -> io::Result<()> {
    let (parcels, under_way) = mpsc::channel(UNDER_WAY);
    tokio::try_join!(take(from, parcels, side, weather.clone(), dice), give(to, under_way, side, weather, ear))?;
    Ok(())
}

async fn take(
    from: &mut OwnedReadHalf,
    parcels: mpsc::Sender<Parcel>,
    side: Side,
    mut weather: watch::Receiver<Weather>,
    mut dice: Dice,
) -> io::Result<()> {
    let mut last = Instant::now();
    let mut swallowed = false;
    loop {
        let way = side.way(&weather.borrow_and_update());
        if way.passing == Passing::Frozen {
            changed(&mut weather).await?;
            continue;
        }
        let mut bytes = vec![0; CHUNK];
        let length = tokio::select! {
            read = from.read(&mut bytes) => read?,
            told = changed(&mut weather) => { told?; continue }
        };
        // An end is lost like everything else.
        swallowed |= way.passing == Passing::Swallowed;
        match (length, swallowed) {
            (0, true) => return std::future::pending().await,
            (0, false) => return Ok(()),
            (_, true) => continue,
            (_, false) => bytes.truncate(length),
        }
        let jitter = dice.below(u64::try_from(way.jitter.as_micros()).unwrap_or(u64::MAX));
        last = last.max(Instant::now() + way.latency + Duration::from_micros(jitter));
        if parcels.send((last, bytes)).await.is_err() {
            return Ok(());
        }
    }
}

async fn give(
    to: &mut OwnedWriteHalf,
    mut parcels: mpsc::Receiver<Parcel>,
    side: Side,
    mut weather: watch::Receiver<Weather>,
    mut ear: Ear,
) -> io::Result<()> {
    let mut left = None;
    while let Some((due, bytes)) = parcels.recv().await {
        // A timer that is due takes a millisecond all the same.
        if due > Instant::now() {
            sleep_until(due).await;
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            if weather.has_changed().map_err(io::Error::other)? {
                left = None;
            }
            let way = side.way(&weather.borrow_and_update());
            let portion = match (way.passing, way.bytes_per_s) {
                (Passing::Frozen, _) => {
                    changed(&mut weather).await?;
                    continue;
                }
                (Passing::Swallowed, _) => break,
                (Passing::CutAfter(bytes), _) => *left.get_or_insert(bytes),
                (Passing::Through, Some(per_s)) => {
                    sleep(PORTION).await;
                    (per_s * u64::try_from(PORTION.as_millis()).unwrap_or(u64::MAX) / 1_000).max(1)
                }
                (Passing::Through, None) => u64::MAX,
            };
            let (now, later) = bytes.split_at(bytes.len().min(usize::try_from(portion).unwrap_or(usize::MAX)));
            to.write_all(now).await?;
            if let Some(ear) = &mut ear {
                ear(now);
            }
            bytes = later;
            if let (Passing::CutAfter(_), Some(left)) = (way.passing, &mut left) {
                *left -= now.len() as u64;
                if *left == 0 {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
            }
        }
    }
    to.shutdown().await
}

/// Waits for other weather; without its source the link is gone.
async fn changed(weather: &mut watch::Receiver<Weather>) -> io::Result<()> {
    weather.changed().await.map_err(io::Error::other)
}
