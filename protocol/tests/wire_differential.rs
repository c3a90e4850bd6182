//! Our codec against socketioxide's, both ways, for random packets.
//!
//! What theirs cannot do, and so is tested one way only or elsewhere:
//! - decode CONNECT_ERROR (`CommonParser`) or an open packet (`engineioxide_core::Packet`): they
//!   serve, and only a client receives these;
//! - encode the `data` of a CONNECT_ERROR;
//! - split a header from its arguments: they keep `["name",…]` as one text, so that is compared.

#![expect(clippy::unwrap_used, reason = "the lint does not see that the helpers here are test code")]

use bytes::Bytes;
use engineioxide_core::{OpenPacket, Packet as TheirEngine, ProtocolVersion, Sid, TransportType, payload};
use futures_util::{FutureExt, StreamExt};
use proptest::{collection::vec, option, prelude::*};
use roomcast_protocol::wire::{
    EnginePacket, Handshake, Heartbeat, MAX_ACK_ID, Namespace, Packet, WireLimits, WsFrame, decode_payload,
    encode_connect_error, encode_payload,
};
use serde_json::{Value as Json, value::RawValue};
use socketioxide_core::{
    Value,
    packet::{Packet as Their, PacketData},
    parser::{Parse, ParseConfig, ParseError, ParserState},
};
use socketioxide_parser_common::CommonParser;

#[derive(Debug, Clone)]
enum Kind {
    Connect(Option<Vec<String>>),
    Disconnect,
    Event(Option<u64>, String),
    Ack(u64),
    BinaryEvent(Option<u64>, String, Vec<Vec<u8>>),
    BinaryAck(u64, Vec<Vec<u8>>),
}

/// A packet in neither codec's terms. `args` holds JSON texts.
#[derive(Debug, Clone)]
struct Sample {
    nsp: String,
    kind: Kind,
    args: Vec<String>,
}

impl Sample {
    /// The JSON after the header.
    fn data(&self) -> Option<String> {
        let quoted = |name: &str| Json::from(name).to_string();
        let head = match &self.kind {
            Kind::Connect(fields) => {
                return fields.as_ref().map(|fields| {
                    let fields = fields.iter().map(|f| (f.clone(), Json::from(f.as_str())));
                    Json::Object(fields.collect()).to_string()
                });
            }
            Kind::Disconnect => return None,
            Kind::Event(_, name) | Kind::BinaryEvent(_, name, _) => Some(quoted(name)),
            Kind::Ack(_) | Kind::BinaryAck(..) => None,
        };
        let all: Vec<_> = head.into_iter().chain(self.args.iter().cloned()).collect();
        Some(format!("[{}]", all.join(",")))
    }

    fn attachments(&self) -> &[Vec<u8>] {
        match &self.kind {
            Kind::BinaryEvent(_, _, bins) | Kind::BinaryAck(_, bins) => bins,
            _ => &[],
        }
    }

    fn theirs(&self) -> Their {
        let bins = self.attachments();
        let bins = (!bins.is_empty()).then(|| bins.iter().cloned().map(Bytes::from).collect());
        let data = self.data().map(|json| Value::Str(json.into(), bins));
        let data_or_panic = || data.clone().expect("this kind has data");
        let inner = match &self.kind {
            Kind::Connect(_) => PacketData::Connect(data),
            Kind::Disconnect => PacketData::Disconnect,
            Kind::Event(id, _) => PacketData::Event(data_or_panic(), id.map(|id| id as i64)),
            Kind::Ack(id) => PacketData::EventAck(data_or_panic(), *id as i64),
            Kind::BinaryEvent(id, ..) => PacketData::BinaryEvent(data_or_panic(), id.map(|id| id as i64)),
            Kind::BinaryAck(id, _) => PacketData::BinaryAck(data_or_panic(), *id as i64),
        };
        Their { inner, ns: self.nsp.clone().into() }
    }

    fn our_text(&self) -> String {
        let nsp = Namespace::new(&self.nsp).unwrap();
        let data = self.data();
        let args: Vec<&RawValue> = self.args.iter().map(|arg| raw(arg)).collect();
        let attachments = self.attachments().len();
        let packet = match &self.kind {
            Kind::Connect(_) => Packet::Connect { nsp, data: data.as_deref().map(raw) },
            Kind::Disconnect => Packet::Disconnect { nsp },
            Kind::Event(id, name) => Packet::Event { nsp, id: *id, name: name.into(), args },
            Kind::Ack(id) => Packet::Ack { nsp, id: *id, args },
            Kind::BinaryEvent(id, name, _) => {
                Packet::BinaryEvent { nsp, attachments, id: *id, name: name.into(), args }
            }
            Kind::BinaryAck(id, _) => Packet::BinaryAck { nsp, attachments, id: *id, args },
        };
        packet.encode().unwrap().into_packet()
    }

    fn assert_is(&self, packet: &Packet<'_>) {
        assert_eq!(packet.nsp().as_str(), self.nsp);
        let count = self.attachments().len();
        match (packet, &self.kind) {
            (Packet::Connect { data, .. }, Kind::Connect(_)) => {
                assert_eq!(data.map(RawValue::get), self.data().as_deref());
            }
            (Packet::Disconnect { .. }, Kind::Disconnect) => {}
            (Packet::Event { id, name, args, .. }, Kind::Event(my_id, my_name)) => {
                assert_eq!((id, name.as_ref()), (my_id, my_name.as_str()));
                self.assert_args(args);
            }
            (Packet::Ack { id, args, .. }, Kind::Ack(my_id)) => {
                assert_eq!(id, my_id);
                self.assert_args(args);
            }
            (Packet::BinaryEvent { attachments, id, name, args, .. }, Kind::BinaryEvent(my_id, my_name, _)) => {
                assert_eq!((*attachments, id, name.as_ref()), (count, my_id, my_name.as_str()));
                self.assert_args(args);
            }
            (Packet::BinaryAck { attachments, id, args, .. }, Kind::BinaryAck(my_id, _)) => {
                assert_eq!((*attachments, id), (count, my_id));
                self.assert_args(args);
            }
            _ => panic!("{self:?} was read as {packet:?}"),
        }
    }

    fn assert_args(&self, args: &[&RawValue]) {
        let args: Vec<_> = args.iter().map(|arg| arg.get()).collect();
        assert_eq!(args, self.args);
    }
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

fn json() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|number| Json::from(number).to_string()),
        text().prop_map(|text| Json::from(text).to_string()),
        vec(text(), 0..3).prop_map(|texts| Json::from(texts).to_string()),
        text().prop_map(|text| serde_json::json!({ "key": { text: [1] } }).to_string()),
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    let id = || prop_oneof![0..20u64, 0..=MAX_ACK_ID, Just(MAX_ACK_ID)];
    let bins = || vec(vec(any::<u8>(), 0..20), 1..4);
    let kind = prop_oneof![
        option::of(vec(text(), 0..3)).prop_map(Kind::Connect),
        Just(Kind::Disconnect),
        (option::of(id()), text()).prop_map(|(id, name)| Kind::Event(id, name)),
        id().prop_map(Kind::Ack),
        (option::of(id()), text(), bins()).prop_map(|(id, name, bins)| Kind::BinaryEvent(id, name, bins)),
        (id(), bins()).prop_map(|(id, bins)| Kind::BinaryAck(id, bins)),
    ];
    let nsp = prop_oneof![Just("/".to_owned()), "/[^,]{0,12}"];
    (nsp, kind, vec(json(), 0..4)).prop_map(|(nsp, kind, args)| Sample { nsp, kind, args })
}

fn decode_theirs(text: String, attachments: &[Vec<u8>]) -> Their {
    let (config, state) = (ParseConfig::default(), ParserState::default());
    let mut packet = CommonParser.decode_str(&config, &state, text.into());
    for bytes in attachments {
        assert!(matches!(packet, Err(ParseError::NeedsMoreBinaryData)));
        packet = CommonParser.decode_bin(&config, &state, bytes.clone().into());
    }
    packet.unwrap()
}

proptest! {
    #[test]
    fn they_read_what_we_write(sample in sample()) {
        let packet = decode_theirs(sample.our_text(), sample.attachments());
        prop_assert_eq!(packet, sample.theirs());
    }

    #[test]
    fn we_read_what_they_write(sample in sample()) {
        let Value::Str(text, bins) = CommonParser.encode(sample.theirs()) else {
            panic!("the common parser writes text");
        };
        sample.assert_is(&Packet::decode(&text).unwrap());
        prop_assert_eq!(bins.map_or(0, |bins| bins.len()), sample.attachments().len());
        prop_assert_eq!(text.as_str(), sample.our_text());
    }

    #[test]
    fn we_read_their_connect_errors(nsp in "/[^,]{0,12}", reason in text()) {
        let theirs = CommonParser.encode(Their::connect_error(nsp.clone(), reason.clone()));
        let Value::Str(encoded, _) = theirs else {
            panic!("the common parser writes text");
        };
        match Packet::decode(&encoded).unwrap() {
            Packet::ConnectError { nsp: read, message, data: None } => {
                prop_assert_eq!((read.as_str(), message.as_ref()), (nsp.as_str(), reason.as_str()));
            }
            other => panic!("{other:?}"),
        }
        if nsp == "/" {
            let ours = encode_connect_error(&reason);
            prop_assert_eq!(ours.as_packet(), encoded.as_str());
        }
    }

    #[test]
    fn we_read_their_open_packets(
        sid in "[A-Za-z0-9_-]{16}",
        interval: u32,
        timeout: u32,
        max_payload: u64,
    ) {
        let theirs = TheirEngine::Open(OpenPacket {
            sid: sid.parse::<Sid>().unwrap(),
            upgrades: [TransportType::Websocket].into_iter().collect(),
            ping_interval: std::time::Duration::from_millis(interval.into()),
            ping_timeout: std::time::Duration::from_millis(timeout.into()),
            max_payload,
        });
        let ours = EnginePacket::Open(Handshake {
            sid,
            upgrades: vec!["websocket".into()],
            ping_interval_ms: interval.into(),
            ping_timeout_ms: timeout.into(),
            max_payload_bytes: Some(max_payload),
        });
        let encoded = String::from(theirs);
        prop_assert_eq!(EnginePacket::decode_text(&encoded).unwrap(), ours.clone());
        prop_assert_eq!(ours.encode(), WsFrame::Text(encoded.into()));
    }

    #[test]
    fn engine_frames_read_alike(packet in their_engine_packet()) {
        let encoded = String::from(packet.clone());
        let ours = our_engine_packet(&packet);
        if let WsFrame::Text(text) = ours.encode() {
            prop_assert_eq!(text.as_ref(), encoded.as_str());
            prop_assert_eq!(EnginePacket::decode_text(&encoded).unwrap(), ours.clone());
            prop_assert_eq!(TheirEngine::parse(ProtocolVersion::V4, encoded).unwrap(), packet);
        }
    }

    #[test]
    fn polling_payloads_read_alike(packets in vec(their_engine_packet(), 1..8)) {
        let ours: Vec<_> = packets.iter().map(our_engine_packet).collect();
        let body = encode_payload(&ours).unwrap();

        let decoder = payload::decoder(
            http_body_util::Full::new(Bytes::from(body.clone())),
            None,
            ProtocolVersion::V4,
            u64::MAX,
        );
        let read = decoder.map(Result::unwrap).collect::<Vec<_>>().now_or_never();
        prop_assert_eq!(read.as_ref(), Some(&packets));

        let queue = packets.iter().cloned().map(|packet| [packet].into_iter().collect());
        let written = payload::encoder(
            futures_util::stream::iter(queue),
            ProtocolVersion::V4,
            true,
            u64::MAX,
        );
        let written = written.now_or_never().expect("nothing to wait for").data;
        let written = str::from_utf8(&written).unwrap();
        prop_assert_eq!(written, body.as_str());
        prop_assert_eq!(decode_payload(written, &WireLimits::default()).unwrap(), ours);
    }
}

fn their_engine_packet() -> impl Strategy<Value = TheirEngine> {
    prop_oneof![
        Just(TheirEngine::Close),
        Just(TheirEngine::Ping),
        Just(TheirEngine::Pong),
        Just(TheirEngine::PingUpgrade),
        Just(TheirEngine::PongUpgrade),
        "[^\u{1e}]{0,40}".prop_map(|text| TheirEngine::Message(text.into())),
        Just(TheirEngine::Upgrade),
        Just(TheirEngine::Noop),
        vec(any::<u8>(), 0..40).prop_map(|bytes| TheirEngine::Binary(bytes.into())),
    ]
}

fn our_engine_packet(packet: &TheirEngine) -> EnginePacket<'_> {
    match packet {
        TheirEngine::Close => EnginePacket::Close,
        TheirEngine::Ping => EnginePacket::Ping(Heartbeat::Beat),
        TheirEngine::Pong => EnginePacket::Pong(Heartbeat::Beat),
        TheirEngine::PingUpgrade => EnginePacket::Ping(Heartbeat::Probe),
        TheirEngine::PongUpgrade => EnginePacket::Pong(Heartbeat::Probe),
        TheirEngine::Message(text) => EnginePacket::Message(text.as_str()),
        TheirEngine::Upgrade => EnginePacket::Upgrade,
        TheirEngine::Noop => EnginePacket::Noop,
        TheirEngine::Binary(bytes) => EnginePacket::Binary(bytes.as_ref().into()),
        TheirEngine::Open(_) | TheirEngine::BinaryV3(_) => unreachable!("not generated"),
    }
}
