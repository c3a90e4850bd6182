//! A client that talks, to be killed: it posts into a room every few milliseconds from its own outbox, and says on its
//! standard output what it does. A line on its standard input, or its end, makes it fall silent, wait until its outbox
//! is empty, and tell its whole timeline.
//!
//! `talker URL TOKEN ROOM OUTBOX NAME FIRST`: the first message is `NAME FIRST`.

use std::{env, error::Error, time::Duration};

use roomcast_client::Client;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

/// Three of them make 200 messages a second.
const PAUSE: Duration = Duration::from_millis(15);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [url, token, room, outbox, name, first] = words.as_slice() else {
        return Err("unable to begin; URL TOKEN ROOM OUTBOX NAME FIRST are needed".into());
    };
    let client = Client::builder(url)
        .token(token)
        .outbox(outbox)
        .reconnect_pauses(Duration::from_millis(20), Duration::from_millis(200))
        .connect()
        .await?;
    let room = client.join(room).await?;
    let mut lines = BufReader::new(stdin()).lines();
    let mut ticks = tokio::time::interval(PAUSE);
    let mut number: u64 = first.parse()?;
    loop {
        tokio::select! {
            _ = lines.next_line() => break,
            _ = ticks.tick() => {
                // Said before it is done: whoever kills us must not take a number for free that was used.
                println!("posts {number}");
                let pending = room.post(format!("{name} {number}"))?;
                number += 1;
                tokio::spawn(async move {
                    let client_id = pending.client_id.clone();
                    match pending.await {
                        Ok(message) => println!("acked {client_id} {}", message.seq),
                        Err(error) => println!("refused {client_id} {error}"),
                    }
                });
            }
        }
    }
    while !client.pending(room.id()?).await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while room.view().is_some_and(|view| view.has_older) {
        room.load_older(100).await?;
    }
    let view = room.view().ok_or("unable to tell the timeline; the room is gone")?;
    for message in view.timeline.iter() {
        println!("shows {} {}", message.seq, message.client_id.as_ref().ok_or("a message without a clientId")?);
    }
    println!("done");
    client.close().await;
    Ok(())
}
