//! The WebSocket below a raw client, and the task that reads it.

use std::sync::Arc;

use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use roomcast_protocol::wire::{EnginePacket, Heartbeat, Packet};
use serde_json::{Value, value::RawValue};
use tokio::{net::TcpStream, sync::Mutex, task::JoinHandle};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::inbox::Inbox;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Sender = Arc<Mutex<SplitSink<Socket, Message>>>;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) inbox: Arc<Inbox>,
    sender: Sender,
    reader: JoinHandle<()>,
}

impl Link {
    /// Opens an Engine.IO session over WebSocket.
    pub(super) async fn open(url: &str) -> Result<Self, String> {
        let url = url.replacen("http", "ws", 1);
        let url = format!("{url}/socket.io/?EIO=4&transport=websocket");
        let (socket, _) = connect_async(&url).await.map_err(|error| error.to_string())?;
        let (sender, receiver) = socket.split();
        let sender = Arc::new(Mutex::new(sender));
        let inbox = Arc::new(Inbox::new());
        let reader = tokio::spawn(read(receiver, Arc::clone(&sender), Arc::clone(&inbox)));
        Ok(Self { inbox, sender, reader })
    }

    /// Sends a frame. A closed connection is noticed by its reader, not here.
    pub(super) async fn send(&self, message: Message) {
        let _ = self.sender.lock().await.send(message).await;
    }

    /// Sends all of these in one go.
    pub(super) async fn send_all(&self, messages: Vec<Message>) {
        let mut sender = self.sender.lock().await;
        for message in messages {
            let _ = sender.feed(message).await;
        }
        let _ = sender.flush().await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut receiver: SplitStream<Socket>, sender: Sender, inbox: Arc<Inbox>) {
    let why = loop {
        match receiver.next().await {
            Some(Ok(Message::Text(text))) => match EnginePacket::decode_text(text.as_str()) {
                Ok(EnginePacket::Ping(Heartbeat::Beat)) => {
                    let _ = sender.lock().await.send(Message::text("3")).await;
                }
                Ok(EnginePacket::Message(packet)) => take(packet, &inbox),
                Ok(EnginePacket::Close) => break "the server closed the session".to_owned(),
                Ok(_) => {}
                Err(error) => break format!("{error}: {text}"),
            },
            Some(Ok(Message::Close(frame))) => break format!("close frame {frame:?}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => break error.to_string(),
            None => break "end of stream".to_owned(),
        }
    };
    inbox.change(|contents| {
        contents.closed.get_or_insert(why);
    });
}

fn take(packet: &str, inbox: &Inbox) {
    let decoded = Packet::decode(packet);
    inbox.change(|contents| match decoded {
        Ok(Packet::Connect { data, .. }) => {
            let sid = data.map(value).and_then(|data| data["sid"].as_str().map(str::to_owned));
            contents.connected = Some(Ok(sid.unwrap_or_default()));
        }
        Ok(Packet::ConnectError { message, .. }) => contents.connected = Some(Err(message.into_owned())),
        // No event or ack of Roomcast's has more than one argument.
        Ok(Packet::Event { args, .. } | Packet::Ack { args, .. }) if args.len() > 1 => {
            contents.closed = Some(format!("a packet with {} arguments: {packet}", args.len()));
        }
        Ok(Packet::Event { name, args, .. }) => {
            contents.events.push_back((name.into_owned(), first(&args)));
        }
        Ok(Packet::Ack { id, args, .. }) => contents.acks.entry(id).or_default().push(first(&args)),
        Ok(Packet::Disconnect { .. }) => contents.closed = Some("the server disconnected us".to_owned()),
        Ok(other) => contents.closed = Some(format!("unexpected packet {other:?}")),
        Err(error) => contents.closed = Some(format!("{error}: {packet}")),
    });
}

fn first(args: &[&RawValue]) -> Value {
    args.first().map_or(Value::Null, |raw| value(raw))
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).expect("raw values are JSON")
}
