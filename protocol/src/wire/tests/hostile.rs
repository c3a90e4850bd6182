//! Input that no honest peer sends.

use proptest::prelude::*;

use crate::wire::{Assembler, DecodeError, EnginePacket, Header, Incoming, Packet, Part, WireLimits, decode_payload};

/// Runs every decoder; returning at all is what is tested.
fn decode_all(bytes: &[u8]) {
    let mut assembler = Assembler::new(WireLimits::default());
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = EnginePacket::decode_text(text);
        let _ = decode_payload(text, &WireLimits::default());
        let _ = Header::decode(text).map(Packet::try_from);
        if let Ok(packet) = Packet::decode(text) {
            packet.encode().expect("what was decoded can be encoded");
        }
        if let Ok(Incoming::Pending) = assembler.handle_text(text) {
            while let Ok(None) = assembler.handle_binary(bytes) {}
        }
    }
    let _ = EnginePacket::decode_binary(bytes);
    let _ = assembler.handle_binary(bytes);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        decode_all(&bytes);
    }

    #[test]
    fn arbitrary_text_never_panics(text: String) {
        decode_all(text.as_bytes());
    }

    #[test]
    fn almost_packets_never_panic(
        text in r#"[0-6b]{1,2}([0-9]{0,3}-)?(/[a-zé?=]{0,4},?)?[0-9]{0,22}[\[{]?["a-z\[\]{}:,\\0-9u. \x1e]{0,24}[\]}]?"#
    ) {
        decode_all(text.as_bytes());
    }
}

fn refused(text: &str) -> DecodeError {
    match Packet::decode(text) {
        Ok(packet) => panic!("{text:?} was read as {packet:?}"),
        Err(error) => error,
    }
}

#[test]
fn malformed_headers_are_refused() {
    for (text, error) in [
        ("", DecodeError::Empty),
        ("7", DecodeError::PacketType),
        ("é", DecodeError::PacketType),
        ("-1", DecodeError::PacketType),
        (r#"5["a"]"#, DecodeError::AttachmentCount),
        (r#"5-["a"]"#, DecodeError::AttachmentCount),
        (r#"51["a"]"#, DecodeError::AttachmentCount),
        (r#"5+1-["a"]"#, DecodeError::AttachmentCount),
        (r#"599999999999999999999-["a"]"#, DecodeError::AttachmentCount),
        ("3[]", DecodeError::AckId),
        ("61-[]", DecodeError::AckId),
        ("01{}", DecodeError::AckId),
        ("11", DecodeError::AckId),
        (r#"41{"message":"a"}"#, DecodeError::AckId),
        (r#"29007199254740992["a"]"#, DecodeError::AckId),
        (r#"299999999999999999999999["a"]"#, DecodeError::AckId),
    ] {
        assert_eq!(Header::decode(text), Err(error), "{text}");
        assert_eq!(refused(text), error, "{text}");
    }
}

#[test]
fn payloads_of_the_wrong_shape_are_refused() {
    for (text, part) in [
        ("0[]", Part::Connect),
        ("0null", Part::Connect),
        ("1{}", Part::Disconnect),
        ("2[]", Part::Event),
        ("2{}", Part::Event),
        ("2[1]", Part::Event),
        (r#"2"a""#, Part::Event),
        ("31{}", Part::Ack),
        ("4{}", Part::ConnectError),
        ("4[]", Part::ConnectError),
        (r#"4{"message":1}"#, Part::ConnectError),
    ] {
        assert_eq!(refused(text), DecodeError::Shape { part }, "{text}");
    }
}

#[test]
fn malformed_json_is_refused_where_it_breaks() {
    for (text, part, column) in [
        ("2", Part::Event, 0),
        (r#"2["a""#, Part::Event, 4),
        (r#"2["a"]x"#, Part::Event, 6),
        (r#"2["a",]"#, Part::Event, 6),
        (r#"2["a",01]"#, Part::Event, 7),
        ("31[tru]", Part::Ack, 5),
        ("4", Part::ConnectError, 0),
        (r#"0{"a":}"#, Part::Connect, 6),
    ] {
        let line = 1;
        assert_eq!(refused(text), DecodeError::Json { part, line, column }, "{text}");
    }
}

#[test]
fn errors_never_quote_the_peer() {
    for frame in [
        r#"0"secret""#,
        r#"0{"sid":"secret","upgrades":"secret"}"#,
        r#"0{"sid":"a","upgrades":[],"pingInterval":"secret"}"#,
    ] {
        let error = EnginePacket::decode_text(frame).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    for text in [r#"2[{"secret":1}]"#, r#"4{"message":{"secret":1}}"#] {
        let error = refused(text);
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}

#[test]
fn lone_surrogates_fail_where_they_are_parsed_and_not_before() {
    // Browsers send them: `JSON.stringify("\ud800")` escapes what UTF-8 cannot carry.
    let Ok(Packet::Event { args, .. }) = Packet::decode(r#"2["a",{"b":"\ud800"}]"#) else {
        panic!("the event itself is well-formed");
    };
    assert!(serde_json::from_str::<serde_json::Value>(args[0].get()).is_err());
    assert!(matches!(refused(r#"2["\ud800"]"#), DecodeError::Json { .. }));
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(200_000), "}".repeat(200_000));
    for json in [&deep, &deep_object] {
        assert!(Packet::decode(&format!(r#"2["a",{json}]"#)).is_ok());
        assert!(Packet::decode(&format!("31[{json}]")).is_ok());
        assert!(Packet::decode(&format!(r#"4{{"message":"a","x":{json},"data":{json}}}"#)).is_ok());
        assert!(EnginePacket::decode_text(&format!(r#"0{{"x":{json}}}"#)).is_err());
        let mut assembler = Assembler::new(WireLimits { max_frame_bytes: usize::MAX, ..WireLimits::default() });
        assembler.handle_text(&format!(r#"51-["a",{json}]"#)).unwrap();
        let packet = assembler.handle_binary(b"").unwrap().unwrap();
        assert_eq!(packet.args().unwrap().len(), 1);
    }
    refused(&"2[".repeat(200_000));
    refused(&deep);
}
