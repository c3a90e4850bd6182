use proptest::prelude::*;
use serde_json::Value;

use super::model::{Model, engine_packet, id, packet, text, value};
use crate::wire::{
    EnginePacket, Header, Namespace, Packet, WsFrame, decode_payload, encode_ack, encode_connect, encode_connect_error,
    encode_event, encode_event_args, encode_payload,
};

fn decode(text: &str) -> Model {
    Model::from(&Packet::decode(text).unwrap())
}

proptest! {
    #[test]
    fn packets_survive(model in packet()) {
        let frame = model.packet().encode().unwrap();
        prop_assert_eq!(decode(frame.as_packet()), model);
    }

    #[test]
    fn frames_carry_their_packet(model in packet()) {
        let frame = model.packet().encode().unwrap();
        prop_assert_eq!(
            EnginePacket::decode_text(frame.as_frame()).unwrap(),
            frame.engine_packet()
        );
        prop_assert_eq!(frame.clone().into_packet(), frame.as_packet());
        prop_assert_eq!(frame.clone().into_frame(), frame.as_frame());
    }

    #[test]
    fn headers_agree_with_packets(model in packet()) {
        let frame = model.packet().encode().unwrap();
        let header = Header::decode(frame.as_packet()).unwrap();
        prop_assert_eq!(header.nsp, model.packet().nsp());
        let id = match &model {
            Model::Event(_, id, ..) | Model::BinaryEvent(_, _, id, ..) => *id,
            Model::Ack(_, id, _) | Model::BinaryAck(_, _, id, _) => Some(*id),
            _ => None,
        };
        prop_assert_eq!(header.id, id);
        prop_assert!(frame.as_packet().ends_with(header.payload));
    }

    #[test]
    fn engine_packets_survive(packet in engine_packet()) {
        let frame = packet.encode();
        let back = match &frame {
            WsFrame::Text(text) => EnginePacket::decode_text(text).unwrap(),
            WsFrame::Binary(bytes) => EnginePacket::decode_binary(bytes),
        };
        prop_assert_eq!(back, packet.clone());
    }

    #[test]
    fn polling_payloads_survive(packets in prop::collection::vec(engine_packet(), 1..10)) {
        let body = encode_payload(&packets).unwrap();
        prop_assert_eq!(decode_payload(&body, &Default::default()).unwrap(), packets);
    }

    #[test]
    fn events_survive(name in text(), payload in value(), id in prop::option::of(id())) {
        let frame = encode_event(&name, &payload, id).unwrap();
        let expected = Model::Event("/".into(), id, name, vec![payload.to_string()]);
        prop_assert_eq!(decode(frame.as_packet()), expected);
    }

    #[test]
    fn event_args_survive(name in text(), args in prop::collection::vec(value(), 0..4)) {
        let frame = encode_event_args(&name, &args, None).unwrap();
        let args = args.iter().map(Value::to_string).collect();
        prop_assert_eq!(decode(frame.as_packet()), Model::Event("/".into(), None, name, args));
    }

    #[test]
    fn acks_survive(payload in value(), id in id()) {
        let frame = encode_ack(id, &payload).unwrap();
        let expected = Model::Ack("/".into(), id, vec![payload.to_string()]);
        prop_assert_eq!(decode(frame.as_packet()), expected);
    }

    #[test]
    fn connects_survive(nsp in "/[^,]{0,12}", token in text()) {
        let auth = serde_json::json!({ "token": token });
        let frame = encode_connect(Namespace::new(&nsp).unwrap(), &auth).unwrap();
        let expected = Model::Connect(nsp, Some(auth.to_string()));
        prop_assert_eq!(decode(frame.as_packet()), expected);
    }

    #[test]
    fn connect_errors_survive(message in text()) {
        let frame = encode_connect_error(&message);
        let expected = Model::ConnectError("/".into(), message, None);
        prop_assert_eq!(decode(frame.as_packet()), expected);
    }
}
