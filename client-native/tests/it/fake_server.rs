//! A server of one room, in this process. It keeps its promises – or not, where a test says so.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::{SinkExt as _, StreamExt as _};
use roomcast_client::protocol::{
    Command, CommandKind, Epoch, ErrorBody, ErrorCode, Event, Limits, MessageId, Reply, Rev, RoomId, Seq, Timestamp,
    UserId, ack,
    event::{InitialState, NewMessage, ServerDraining},
    handshake::Auth,
    model::{DeltaKind, Message, Policy, Role, Room, RoomDelta, RoomState, User, Visibility},
    reply::{Done, MessageStored, Messages, RoomEntered},
    wire::{
        EnginePacket, Handshake, Namespace, Packet, encode_ack, encode_connect, encode_connect_error, encode_event,
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_tungstenite::{accept_async, tungstenite};

/// What the server does with the next sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sends {
    Answer,
    /// Stores and loses the connection before the acknowledgement.
    StoreAndDrop,
    /// Answers `rate_limited`, so often.
    Refuse(u32),
    /// Says nothing.
    Ignore,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    connections: BTreeMap<u64, mpsc::UnboundedSender<Option<String>>>,
    next_connection: u64,
    sends: Option<Sends>,
    good_tokens: Option<Vec<String>>,
    tokens_seen: Vec<String>,
    resumed: Vec<bool>,
    sends_seen: Vec<(String, String)>,
    goodbyes: usize,
}

/// A running server. It ends with the value.
pub(crate) struct FakeServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn on_sends(&self, sends: Sends) {
        self.state.lock().unwrap().sends = Some(sends);
    }

    pub(crate) fn accept_only(&self, tokens: &[&str]) {
        self.state.lock().unwrap().good_tokens = Some(tokens.iter().map(ToString::to_string).collect());
    }

    pub(crate) fn drop_connections(&self) {
        for connection in self.state.lock().unwrap().connections.values() {
            let _ = connection.send(None);
        }
    }

    pub(crate) fn drain(&self, reconnect_in_ms: u64) {
        let draining = ServerDraining { reconnect_in_ms, deadline: Timestamp::new(0) };
        self.broadcast(&Event::ServerDraining(Box::new(draining)), None);
    }

    /// A message by somebody else.
    pub(crate) fn post(&self, content: &str) -> Message {
        let message = self.state.lock().unwrap().store("bob", content, None);
        let user = user("bob");
        let event = NewMessage { message: message.clone(), user, rev: message.rev };
        self.broadcast(&Event::NewMessage(Box::new(event)), None);
        message
    }

    /// A message by somebody else of which nobody is told.
    pub(crate) fn post_silently(&self, content: &str) -> Message {
        self.state.lock().unwrap().store("bob", content, None)
    }

    pub(crate) fn contents(&self) -> Vec<String> {
        self.state.lock().unwrap().messages.iter().map(|message| message.content.clone()).collect()
    }

    pub(crate) fn tokens_seen(&self) -> Vec<String> {
        self.state.lock().unwrap().tokens_seen.clone()
    }

    /// For each connect, whether it came with `resume`.
    pub(crate) fn resumed(&self) -> Vec<bool> {
        self.state.lock().unwrap().resumed.clone()
    }

    /// The `clientId` and content of each send that came, repetitions included.
    pub(crate) fn sends_seen(&self) -> Vec<(String, String)> {
        self.state.lock().unwrap().sends_seen.clone()
    }

    pub(crate) fn goodbyes(&self) -> usize {
        self.state.lock().unwrap().goodbyes
    }

    fn broadcast(&self, event: &Event, except: Option<u64>) {
        broadcast(&self.state.lock().unwrap(), event, except);
    }
}

fn broadcast(state: &State, event: &Event, except: Option<u64>) {
    let frame = encode_event(event.kind().name(), event, None).unwrap().into_frame();
    for (_, connection) in state.connections.iter().filter(|(id, _)| Some(**id) != except) {
        let _ = connection.send(Some(frame.clone()));
    }
}

impl State {
    fn store(
        &mut self,
        author: &str,
        content: &str,
        client_id: Option<roomcast_client::protocol::ClientId>,
    ) -> Message {
        let seq = self.messages.len() as u64 + 1;
        let message = Message {
            id: MessageId::parse(&format!("m-{seq}")).unwrap(),
            room_id: room_id(),
            user_id: UserId::parse(author).unwrap(),
            client_id,
            kind: roomcast_client::protocol::model::MessageType::Text,
            content: content.to_owned(),
            seq: Seq::new(seq),
            rev: Rev::new(seq),
            version: 1,
            created_at: Timestamp::new(1_700_000_000_000 + seq),
            edited_at: None,
            deleted_at: None,
            reply_to: None,
            thread_id: None,
            thread: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            reactions: Vec::new(),
            pinned_at: None,
            metadata: None,
        };
        self.messages.push(message.clone());
        message
    }

    fn room(&self) -> RoomState {
        let head = self.messages.len() as u64;
        let room = Room {
            id: room_id(),
            name: "General".to_owned(),
            topic: None,
            visibility: Visibility::Public,
            policy: Policy::default(),
            rev: Rev::new(head),
            seq: Seq::new(head),
            member_count: 2,
            created_at: Timestamp::new(1),
        };
        RoomState {
            room,
            role: Role::Member,
            read_seq: Seq::new(0),
            unread: self.messages.iter().filter(|message| message.user_id.as_str() != "alice").count() as u64,
            mentions: 0,
            last_message: self.messages.last().cloned(),
            authors: Vec::new(),
            users: Vec::new(),
            typing: Vec::new(),
            receipts: Vec::new(),
        }
    }

    fn delta(&self, since: Rev) -> RoomDelta {
        let rev = Rev::new(self.messages.len() as u64);
        if since == rev {
            return RoomDelta::bare(room_id(), DeltaKind::UpToDate, rev);
        }
        let messages = self.messages.iter().filter(|message| message.rev > since).cloned().collect();
        RoomDelta { messages, ..RoomDelta::bare(room_id(), DeltaKind::Delta, rev) }
    }

    fn initial(&self, auth: &Auth) -> InitialState {
        let named = auth.resume.as_ref().and_then(|resume| resume.rooms.get(&room_id()).copied());
        InitialState {
            epoch: Epoch::parse("e1").unwrap(),
            user: user("alice"),
            rooms: if named.is_none() { vec![self.room()] } else { Vec::new() },
            deltas: named.map(|since| self.delta(since)).into_iter().collect(),
            presence: Vec::new(),
            blocked: Vec::new(),
            limits: Limits { sends_per_second: 1_000, ..Limits::default() },
            server_time: Timestamp::new(0),
            next: None,
        }
    }
}

fn room_id() -> RoomId {
    RoomId::parse("general").unwrap()
}

fn user(name: &str) -> User {
    User { id: UserId::parse(name).unwrap(), name: name.to_owned(), avatar_url: None }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    let open = EnginePacket::Open(Handshake {
        sid: "s".to_owned(),
        upgrades: Vec::new(),
        ping_interval_ms: 25_000,
        ping_timeout_ms: 20_000,
        max_payload_bytes: None,
    });
    let tungstenite_text = |text: String| tungstenite::Message::text(text);
    let roomcast_client::protocol::wire::WsFrame::Text(open) = open.encode() else { unreachable!() };
    socket.send(tungstenite_text(open.into_owned())).await.unwrap();
    let (out, mut queue) = mpsc::unbounded_channel::<Option<String>>();
    let mut me = None;
    loop {
        tokio::select! {
            frame = queue.recv() => match frame {
                Some(Some(frame)) => if socket.send(tungstenite_text(frame)).await.is_err() { break },
                _ => break,
            },
            message = socket.next() => {
                let Some(Ok(message)) = message else { break };
                let tungstenite::Message::Text(text) = message else { continue };
                let Ok(EnginePacket::Message(packet)) = EnginePacket::decode_text(&text) else { continue };
                if !packet_came(Packet::decode(packet).unwrap(), &state, &out, &mut me) { break }
            }
        }
    }
    if let Some(me) = me {
        state.lock().unwrap().connections.remove(&me);
    }
}

fn packet_came(
    packet: Packet<'_>,
    state: &Mutex<State>,
    out: &mpsc::UnboundedSender<Option<String>>,
    me: &mut Option<u64>,
) -> bool {
    let mut state = state.lock().unwrap();
    let say = |frame: String| out.send(Some(frame)).is_ok();
    match packet {
        Packet::Connect { data, .. } => {
            let auth: Auth = serde_json::from_str(data.unwrap().get()).unwrap();
            state.tokens_seen.push(auth.token.clone());
            if state.good_tokens.as_ref().is_some_and(|good| !good.contains(&auth.token)) {
                return say(encode_connect_error("Authentication failed").into_frame());
            }
            state.resumed.push(auth.resume.is_some());
            let id = state.next_connection;
            state.next_connection += 1;
            *me = Some(id);
            state.connections.insert(id, out.clone());
            let sid = serde_json::json!({ "sid": format!("s{id}") });
            say(encode_connect(Namespace::ROOT, &sid).unwrap().into_frame());
            say(encode_event("initial-state", &state.initial(&auth), None).unwrap().into_frame())
        }
        Packet::Disconnect { .. } => {
            state.goodbyes += 1;
            false
        }
        Packet::Event { id, name, args, .. } => {
            let kind = CommandKind::parse(&name).unwrap();
            let command = Command::decode(kind, args[0].get()).unwrap();
            let answer = match command {
                Command::SendMessage(send) => {
                    let client_id = send.client_id.clone().unwrap();
                    state.sends_seen.push((client_id.to_string(), send.content.clone()));
                    match state.sends.unwrap_or(Sends::Answer) {
                        Sends::Ignore => return true,
                        Sends::Refuse(times) if times > 0 => {
                            state.sends = Some(Sends::Refuse(times - 1));
                            let error = ErrorBody::new(ErrorCode::RateLimited, "unable to send; too fast");
                            Err(error.retry_after(20))
                        }
                        mode => {
                            let known = state.messages.iter().find(|m| m.client_id.as_ref() == Some(&client_id));
                            let message = match known.cloned() {
                                Some(message) => message,
                                None => {
                                    let message = state.store("alice", &send.content, Some(client_id));
                                    let new =
                                        NewMessage { message: message.clone(), user: user("alice"), rev: message.rev };
                                    broadcast(&state, &Event::NewMessage(Box::new(new)), *me);
                                    message
                                }
                            };
                            if mode == Sends::StoreAndDrop {
                                return false;
                            }
                            let rev = message.rev;
                            Ok(Reply::SendMessage(MessageStored { message, rev }))
                        }
                    }
                }
                Command::JoinRoom(_) => Ok(Reply::JoinRoom(RoomEntered { room: state.room() })),
                Command::MarkRead(_) => Ok(Reply::MarkRead(Done {})),
                Command::GetMessages(get) => {
                    let before = get.before.unwrap_or(Seq::new(u64::MAX));
                    let older: Vec<_> = state.messages.iter().filter(|message| message.seq < before).cloned().collect();
                    let from = older.len().saturating_sub(get.limit.unwrap_or(50) as usize);
                    Ok(Reply::GetMessages(Messages {
                        messages: older[from..].to_vec(),
                        has_more: from > 0,
                        authors: Vec::new(),
                    }))
                }
                _ => Err(ErrorBody::new(ErrorCode::Unsupported, "unable to do that; it is a fake")),
            };
            id.is_none_or(|id| say(encode_ack(id, &ack::encode(&answer)).unwrap().into_frame()))
        }
        _ => true,
    }
}
