//! Examples from the Engine.IO v4 and Socket.IO v5 protocol documents, read and written back.

use std::borrow::Cow;

use serde_json::json;

use super::model::Model;
use crate::wire::{
    EncodeError, EnginePacket, Handshake, Heartbeat, MAX_ACK_ID, Namespace, Packet, WsFrame, encode_ack,
    encode_connect, encode_connect_error, encode_disconnect, encode_event, encode_event_args,
};

fn decode(frame: &str) -> Model {
    let EnginePacket::Message(text) = EnginePacket::decode_text(frame).unwrap() else {
        panic!("{frame} is not a message");
    };
    Model::from(&Packet::decode(text).unwrap())
}

fn event(nsp: &str, id: Option<u64>, name: &str, args: &[&str]) -> Model {
    let args = args.iter().map(|&arg| arg.to_owned()).collect();
    Model::Event(nsp.into(), id, name.into(), args)
}

#[test]
fn documented_packets_read_and_write_alike() {
    let root = || "/".to_owned();
    let admin = || "/admin".to_owned();
    let placeholder = |num| json!({ "_placeholder": true, "num": num }).to_string();
    let cases = [
        ("40", Model::Connect(root(), None)),
        ("40/admin,", Model::Connect(admin(), None)),
        (r#"40/admin,{"token":"x"}"#, Model::Connect(admin(), Some(r#"{"token":"x"}"#.into()))),
        (
            r#"40{"sid":"wZX3oN0bSVIhsaknAAAI"}"#,
            Model::Connect(root(), Some(r#"{"sid":"wZX3oN0bSVIhsaknAAAI"}"#.into())),
        ),
        ("40/admin?token=1234&uid=abcd,", Model::Connect("/admin?token=1234&uid=abcd".into(), None)),
        ("41", Model::Disconnect(root())),
        ("41/admin,", Model::Disconnect(admin())),
        (r#"42["foo"]"#, event("/", None, "foo", &[])),
        (r#"42/admin,["bar"]"#, event("/admin", None, "bar", &[])),
        (r#"4212["foo"]"#, event("/", Some(12), "foo", &[])),
        (r#"42/admin,13["bar",1,{"a":[]}]"#, event("/admin", Some(13), "bar", &["1", r#"{"a":[]}"#])),
        ("4312[]", Model::Ack(root(), 12, vec![])),
        (r#"43/admin,13["bar"]"#, Model::Ack(admin(), 13, vec![r#""bar""#.into()])),
        (r#"44{"message":"Not authorized"}"#, Model::ConnectError(root(), "Not authorized".into(), None)),
        (
            r#"44/admin,{"message":"no","data":{"code":1}}"#,
            Model::ConnectError(admin(), "no".into(), Some(r#"{"code":1}"#.into())),
        ),
        (
            r#"451-["baz",{"_placeholder":true,"num":0}]"#,
            Model::BinaryEvent(root(), 1, None, "baz".into(), vec![placeholder(0)]),
        ),
        (
            r#"452-/admin,7["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            Model::BinaryEvent(admin(), 2, Some(7), "baz".into(), vec![placeholder(0), placeholder(1)]),
        ),
        (
            r#"461-15["bar",{"_placeholder":true,"num":0}]"#,
            Model::BinaryAck(root(), 1, 15, vec![r#""bar""#.into(), placeholder(0)]),
        ),
    ];
    for (frame, model) in cases {
        assert_eq!(decode(frame), model, "{frame}");
        assert_eq!(model.packet().encode().unwrap().as_frame(), frame);
    }
}

#[test]
fn other_spellings_are_read() {
    assert_eq!(decode("40/admin"), Model::Connect("/admin".into(), None));
    assert_eq!(decode("41/admin"), Model::Disconnect("/admin".into()));
    assert_eq!(decode("42 [ \"a\" , 1 ]"), event("/", None, "a", &["1"]));
    assert_eq!(decode(r#"42007["a"]"#), event("/", Some(7), "a", &[]));
    assert_eq!(decode(r#"42["\u0061\n"]"#), event("/", None, "a\n", &[]));
    assert_eq!(decode(r#"44"Not authorized""#), Model::ConnectError("/".into(), "Not authorized".into(), None));
    assert_eq!(
        decode(r#"44{"extra":[1],"data":null,"message":"no"}"#),
        Model::ConnectError("/".into(), "no".into(), None)
    );
}

#[test]
fn plain_event_names_are_borrowed() {
    let text = r#"2["send-message",{"content":"hi"}]"#;
    let Ok(Packet::Event { name, args, .. }) = Packet::decode(text) else {
        panic!("not an event");
    };
    assert!(matches!(name, Cow::Borrowed("send-message")));
    assert!(text.as_bytes().as_ptr_range().contains(&args[0].get().as_ptr()));
}

#[test]
fn namespaces_split_into_path_and_query() {
    let nsp = Namespace::new("/admin?token=1?2").unwrap();
    assert_eq!((nsp.path(), nsp.query()), ("/admin", Some("token=1?2")));
    assert!(!nsp.is_root());
    assert!(Namespace::new("/?a=b").unwrap().is_root());
    assert_eq!(Namespace::ROOT.query(), None);
    for bad in ["", "admin", "/a,b"] {
        assert!(matches!(Namespace::new(bad), Err(EncodeError::Namespace)));
    }
}

#[test]
fn encoders_write_the_documented_form() {
    let admin = Namespace::new("/admin").unwrap();
    let written = [
        encode_event("foo", &1, None),
        encode_event("foo", &json!({"a": "é"}), Some(12)),
        encode_event_args("foo", &(1, "x", [true]), None),
        encode_event_args("foo", &[0u8; 0], Some(0)),
        encode_ack(12, &json!({"success": true})),
        encode_connect(admin, &json!({"token": "x"})),
        encode_connect(Namespace::ROOT, &()),
        Ok(encode_connect_error("Not \"authorized\"")),
        Ok(encode_disconnect()),
    ]
    .map(|frame| frame.unwrap().into_frame());
    let expected = [
        r#"42["foo",1]"#,
        r#"4212["foo",{"a":"é"}]"#,
        r#"42["foo",1,"x",[true]]"#,
        r#"420["foo"]"#,
        r#"4312[{"success":true}]"#,
        r#"40/admin,{"token":"x"}"#,
        "40",
        r#"44{"message":"Not \"authorized\""}"#,
        "41",
    ];
    assert_eq!(written, expected);
}

#[test]
fn encoders_refuse_what_a_peer_could_not_read() {
    let id = MAX_ACK_ID + 1;
    let errors = [
        encode_event("foo", &1, Some(id)),
        encode_ack(id, &1),
        encode_event_args("foo", &1, None),
        encode_connect(Namespace::ROOT, &[1]),
    ]
    .map(|frame| frame.unwrap_err().to_string());
    assert_eq!(
        errors,
        [
            "unable to encode packet; ack id 9007199254740992 is not below 2^53",
            "unable to encode packet; ack id 9007199254740992 is not below 2^53",
            "unable to encode event; its arguments are not a sequence",
            "unable to encode connect; its data is not an object",
        ]
    );
}

#[test]
fn raw_arguments_that_are_an_empty_array_with_spaces_are_written_well() {
    let args: &serde_json::value::RawValue = serde_json::from_str("[ ]").unwrap();
    let frame = encode_event_args("foo", args, None).unwrap();
    assert_eq!(frame.as_frame(), r#"42["foo"]"#);
}

#[test]
fn documented_engine_packets_read_and_write_alike() {
    let handshake = Handshake {
        sid: "lv_VI97HAXpY6yYWAAAC".into(),
        upgrades: vec!["websocket".into()],
        ping_interval_ms: 25_000,
        ping_timeout_ms: 20_000,
        max_payload_bytes: Some(1_000_000),
    };
    let open = r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    let cases = [
        (open, EnginePacket::Open(handshake)),
        ("1", EnginePacket::Close),
        ("2", EnginePacket::Ping(Heartbeat::Beat)),
        ("2probe", EnginePacket::Ping(Heartbeat::Probe)),
        ("3", EnginePacket::Pong(Heartbeat::Beat)),
        ("3probe", EnginePacket::Pong(Heartbeat::Probe)),
        ("4hello €", EnginePacket::Message("hello €")),
        ("4", EnginePacket::Message("")),
        ("5", EnginePacket::Upgrade),
        ("6", EnginePacket::Noop),
    ];
    for (frame, packet) in cases {
        assert_eq!(EnginePacket::decode_text(frame), Ok(packet.clone()));
        assert_eq!(packet.encode(), WsFrame::Text(frame.into()));
    }
}

#[test]
fn handshakes_may_have_fields_more_or_less() {
    let frame = r#"0{"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":2,"new":{"b":[]}}"#;
    let Ok(EnginePacket::Open(handshake)) = EnginePacket::decode_text(frame) else {
        panic!("not an open packet");
    };
    assert_eq!(handshake.max_payload_bytes, None);
}
