//! What a test says through a raw client, and how it listens.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use roomcast_protocol::wire::{self, Namespace};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::link::Link;
use crate::wait::SOON;

/// A connect that the server answered with `connect_error`, or not at all; its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

/// A raw client on the root namespace.
#[derive(Debug)]
pub struct RawClient {
    link: Link,
    sid: String,
    next_ack: AtomicU64,
}

impl RawClient {
    /// Connects with this token.
    ///
    /// # Errors
    /// [`Refused`], with the server's message.
    pub async fn connect(url: &str, token: &str) -> Result<Self, Refused> {
        Self::connect_with(url, json!({ "token": token })).await
    }

    /// Connects with this `auth`, whatever it is; `null` sends none.
    ///
    /// # Errors
    /// [`Refused`], with the server's message.
    ///
    /// # Panics
    /// If the server says neither yes nor no.
    pub async fn connect_with(url: &str, auth: Value) -> Result<Self, Refused> {
        let link = Link::open(url).await.map_err(Refused)?;
        let connect = wire::encode_connect(Namespace::ROOT, &auth).expect("auth is an object or null");
        link.send(Message::text(connect.into_frame())).await;
        let answer = link.inbox.wait(SOON, |inbox| {
            inbox.connected.clone().or_else(|| inbox.closed.clone().map(|why| Err(format!("closed: {why}"))))
        });
        match answer.await.expect("the server answers a CONNECT") {
            Ok(sid) => Ok(Self { link, sid, next_ack: AtomicU64::new(0) }),
            Err(message) => Err(Refused(message)),
        }
    }

    /// The socket's id.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The `initial-state` of this connection.
    ///
    /// # Panics
    /// If none comes.
    pub async fn initial_state(&self) -> Value {
        self.next_event("initial-state", SOON).await
    }

    /// Sends an event that wants no ack.
    ///
    /// # Panics
    /// Never: JSON serialises.
    pub async fn emit(&self, name: &str, payload: Value) {
        let packet = wire::encode_event(name, &payload, None).expect("JSON serialises");
        self.link.send(Message::text(packet.into_frame())).await;
    }

    /// Sends an event and waits for its ack.
    ///
    /// # Panics
    /// If none comes, or the connection ends before.
    pub async fn call(&self, name: &str, payload: Value) -> Value {
        self.call_args(name, &[payload]).await
    }

    /// Sends an event with any number of arguments and waits for its ack.
    ///
    /// # Panics
    /// If none comes, or the connection ends before.
    pub async fn call_args(&self, name: &str, args: &[Value]) -> Value {
        let id = self.ask_args(name, args).await;
        self.ack(id).await
    }

    /// Sends an event that must succeed; gives its ack.
    ///
    /// # Panics
    /// If it fails.
    pub async fn ok(&self, name: &str, payload: Value) -> Value {
        let ack = self.call(name, payload.clone()).await;
        assert_eq!(ack["success"], true, "{name} {payload} was refused: {ack}");
        ack
    }

    /// Sends an event that must be refused; gives the error's code.
    ///
    /// # Panics
    /// If it succeeds.
    pub async fn refused(&self, name: &str, payload: Value) -> String {
        let ack = self.call(name, payload.clone()).await;
        assert_eq!(ack["success"], false, "{name} {payload} was taken: {ack}");
        ack["error"]["code"].as_str().unwrap_or_else(|| panic!("the error has no code: {ack}")).to_owned()
    }

    /// Sends an event with an ack id, without waiting; gives the id.
    pub async fn ask(&self, name: &str, payload: Value) -> u64 {
        self.ask_args(name, &[payload]).await
    }

    /// Sends many events in one go, without waiting; gives their ack ids.
    ///
    /// # Panics
    /// Never: JSON serialises.
    pub async fn pipeline(&self, name: &str, payloads: impl IntoIterator<Item = Value>) -> Vec<u64> {
        let (mut ids, mut messages) = (Vec::new(), Vec::new());
        for payload in payloads {
            let id = self.next_id();
            let packet = wire::encode_event(name, &payload, Some(id)).expect("JSON serialises");
            messages.push(Message::text(packet.into_frame()));
            ids.push(id);
        }
        self.link.send_all(messages).await;
        ids
    }

    /// Waits for the ack of this id, and leaves it in the inbox for [`acks`](Self::acks).
    ///
    /// # Panics
    /// If none comes, or the connection ends before.
    pub async fn ack(&self, id: u64) -> Value {
        self.answer(id).await.unwrap_or_else(|why| panic!("the connection ended before ack {id}: {why}"))
    }

    /// Waits for the ack of this id, or the end of the connection.
    ///
    /// # Errors
    /// How the connection ended.
    ///
    /// # Panics
    /// If neither comes.
    pub async fn answer(&self, id: u64) -> Result<Value, String> {
        let answer = self.link.inbox.wait(SOON, |inbox| {
            let ack = inbox.acks.get(&id).and_then(|acks| acks.first()).cloned();
            ack.map(Ok).or_else(|| inbox.closed.clone().map(Err))
        });
        answer.await.unwrap_or_else(|| panic!("no ack {id} within {} s", SOON.as_secs()))
    }

    /// Every ack that has come, by id.
    #[must_use]
    pub fn acks(&self) -> BTreeMap<u64, Vec<Value>> {
        self.link.inbox.lock().acks.clone()
    }

    /// Takes the oldest event of this name, waiting for one if need be.
    ///
    /// # Panics
    /// If none comes before the deadline; what came instead is shown.
    pub async fn next_event(&self, name: &str, deadline: Duration) -> Value {
        self.event_where(name, deadline, |_| true).await
    }

    /// Takes the oldest event of this name whose payload fits, waiting for one if need be.
    ///
    /// # Panics
    /// If none comes before the deadline; what came instead is shown.
    pub async fn event_where(&self, name: &str, deadline: Duration, fits: impl Fn(&Value) -> bool) -> Value {
        let found = self.link.inbox.wait(deadline, |inbox| {
            let at = inbox.events.iter().position(|(n, payload)| n == name && fits(payload))?;
            inbox.events.remove(at).map(|(_, payload)| payload)
        });
        let found = found.await;
        found.unwrap_or_else(|| {
            let inbox = self.link.inbox.lock();
            panic!("no {name} within {deadline:?}; events: {:?}, closed: {:?}", inbox.events, inbox.closed)
        })
    }

    /// Takes all events of this name that are there now.
    #[must_use]
    pub fn take_events(&self, name: &str) -> Vec<Value> {
        let mut inbox = self.link.inbox.lock();
        let (taken, left): (Vec<_>, Vec<_>) = inbox.events.drain(..).partition(|(n, _)| n == name);
        inbox.events.extend(left);
        taken.into_iter().map(|(_, payload)| payload).collect()
    }

    /// Waits until the server has ended the connection; says how.
    ///
    /// # Panics
    /// If it does not.
    pub async fn closed(&self, deadline: Duration) -> String {
        let why = self.link.inbox.wait(deadline, |inbox| inbox.closed.clone()).await;
        why.unwrap_or_else(|| panic!("the server did not end the connection within {deadline:?}"))
    }

    /// Whether the connection is still there, as far as has been heard.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.link.inbox.lock().closed.is_none()
    }

    /// Sends a frame as it stands.
    pub async fn send_frame(&self, frame: impl Into<String>) {
        self.link.send(Message::text(frame.into())).await;
    }

    /// Sends a binary frame as it stands.
    pub async fn send_binary(&self, frame: Vec<u8>) {
        self.link.send(Message::binary(frame)).await;
    }

    /// An ack id for a frame of the test's own.
    pub fn next_id(&self) -> u64 {
        self.next_ack.fetch_add(1, Ordering::Relaxed)
    }

    /// Leaves as a client that means it: namespace left, socket closed.
    pub async fn disconnect(self) {
        self.link.send(Message::text(wire::encode_disconnect().into_frame())).await;
        self.link.send(Message::Close(None)).await;
    }

    /// Vanishes: the TCP connection ends without a word.
    pub fn vanish(self) {
        drop(self);
    }

    async fn ask_args(&self, name: &str, args: &[Value]) -> u64 {
        let id = self.next_id();
        let packet = wire::encode_event_args(name, args, Some(id)).expect("JSON serialises");
        self.link.send(Message::text(packet.into_frame())).await;
        id
    }
}
