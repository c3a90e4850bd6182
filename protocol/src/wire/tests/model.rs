//! Owned counterparts of the packets, compared field by field, and strategies that make them.

use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, value::RawValue};

use crate::wire::{EnginePacket, Handshake, Heartbeat, MAX_ACK_ID, Namespace, Packet};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Model {
    Connect(String, Option<String>),
    Disconnect(String),
    Event(String, Option<u64>, String, Vec<String>),
    Ack(String, u64, Vec<String>),
    ConnectError(String, String, Option<String>),
    BinaryEvent(String, usize, Option<u64>, String, Vec<String>),
    BinaryAck(String, usize, u64, Vec<String>),
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn raws(json: &[String]) -> Vec<&RawValue> {
    json.iter().map(|json| raw(json)).collect()
}

fn texts(args: &[&RawValue]) -> Vec<String> {
    args.iter().map(|arg| arg.get().to_owned()).collect()
}

impl Model {
    pub(super) fn packet(&self) -> Packet<'_> {
        let nsp = |text| Namespace::new(text).unwrap();
        match self {
            Self::Connect(n, data) => Packet::Connect { nsp: nsp(n), data: data.as_deref().map(raw) },
            Self::Disconnect(n) => Packet::Disconnect { nsp: nsp(n) },
            Self::Event(n, id, name, args) => {
                Packet::Event { nsp: nsp(n), id: *id, name: name.into(), args: raws(args) }
            }
            Self::Ack(n, id, args) => Packet::Ack { nsp: nsp(n), id: *id, args: raws(args) },
            Self::ConnectError(n, message, data) => {
                Packet::ConnectError { nsp: nsp(n), message: message.into(), data: data.as_deref().map(raw) }
            }
            Self::BinaryEvent(n, attachments, id, name, args) => Packet::BinaryEvent {
                nsp: nsp(n),
                attachments: *attachments,
                id: *id,
                name: name.into(),
                args: raws(args),
            },
            Self::BinaryAck(n, attachments, id, args) => {
                Packet::BinaryAck { nsp: nsp(n), attachments: *attachments, id: *id, args: raws(args) }
            }
        }
    }
}

impl From<&Packet<'_>> for Model {
    fn from(packet: &Packet<'_>) -> Self {
        let n = packet.nsp().as_str().to_owned();
        let data = |data: &Option<&RawValue>| data.map(|data| data.get().to_owned());
        match packet {
            Packet::Connect { data: d, .. } => Self::Connect(n, data(d)),
            Packet::Disconnect { .. } => Self::Disconnect(n),
            Packet::Event { id, name, args, .. } => Self::Event(n, *id, name.to_string(), texts(args)),
            Packet::Ack { id, args, .. } => Self::Ack(n, *id, texts(args)),
            Packet::ConnectError { message, data: d, .. } => Self::ConnectError(n, message.to_string(), data(d)),
            Packet::BinaryEvent { attachments, id, name, args, .. } => {
                Self::BinaryEvent(n, *attachments, *id, name.to_string(), texts(args))
            }
            Packet::BinaryAck { attachments, id, args, .. } => Self::BinaryAck(n, *attachments, *id, texts(args)),
        }
    }
}

/// Any characters; proptest's own strings hold no control characters.
pub(super) fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), object(inner).prop_map(Value::from),]
    })
}

fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    vec((text(), values), 0..4).prop_map(|fields| fields.into_iter().collect())
}

pub(super) fn id() -> impl Strategy<Value = u64> {
    prop_oneof![0..20u64, 0..=MAX_ACK_ID, Just(MAX_ACK_ID)]
}

pub(super) fn packet() -> impl Strategy<Value = Model> {
    let n = || prop_oneof![Just("/".to_owned()), "/[^,]{0,12}"];
    let json = || value().prop_map(|value| value.to_string());
    let args = || vec(json(), 0..4);
    let connect = object(value()).prop_map(|data| Value::from(data).to_string());
    // JSON null and no data at all are the same to a reader of connect errors.
    let details = json().prop_filter("null reads as absent", |json| json != "null");
    prop_oneof![
        (n(), option::of(connect)).prop_map(|(n, data)| Model::Connect(n, data)),
        n().prop_map(Model::Disconnect),
        (n(), option::of(id()), text(), args()).prop_map(|(n, id, name, args)| Model::Event(n, id, name, args)),
        (n(), id(), args()).prop_map(|(n, id, args)| Model::Ack(n, id, args)),
        (n(), text(), option::of(details)).prop_map(|(n, message, data)| Model::ConnectError(n, message, data)),
        (n(), 0..99usize, option::of(id()), text(), args())
            .prop_map(|(n, count, id, name, args)| Model::BinaryEvent(n, count, id, name, args)),
        (n(), 0..99usize, id(), args()).prop_map(|(n, count, id, args)| Model::BinaryAck(n, count, id, args)),
    ]
}

/// Engine packets that any transport carries; messages hold no polling separator.
pub(super) fn engine_packet() -> impl Strategy<Value = EnginePacket<'static>> {
    let handshake = (text(), vec(text(), 0..3), any::<u64>(), any::<u64>(), option::of(any::<u64>())).prop_map(
        |(sid, upgrades, interval, timeout, max)| Handshake {
            sid,
            upgrades,
            ping_interval_ms: interval,
            ping_timeout_ms: timeout,
            max_payload_bytes: max,
        },
    );
    let beat = || prop_oneof![Just(Heartbeat::Beat), Just(Heartbeat::Probe)];
    prop_oneof![
        handshake.prop_map(EnginePacket::Open),
        Just(EnginePacket::Close),
        beat().prop_map(EnginePacket::Ping),
        beat().prop_map(EnginePacket::Pong),
        // Leaked, for a packet only borrows its text; the tests are short-lived.
        "[^\u{1e}]{0,40}".prop_map(|text| EnginePacket::Message(text.leak())),
        Just(EnginePacket::Upgrade),
        Just(EnginePacket::Noop),
        vec(any::<u8>(), 0..40).prop_map(|bytes| EnginePacket::Binary(bytes.into())),
    ]
}
