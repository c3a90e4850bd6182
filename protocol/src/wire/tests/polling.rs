use crate::wire::{
    DecodeError, EncodeError, EnginePacket, Heartbeat, WireLimits, decode_payload, encode_payload,
    encode_payload_within,
};

const LIMITS: WireLimits = WireLimits { max_frame_bytes: 16, max_packets: 3, max_attachments: 0 };

#[test]
fn documented_payload_reads_and_writes_alike() {
    let body = "4hello\u{1e}2\u{1e}bAQIDBA==";
    let packets = [
        EnginePacket::Message("hello"),
        EnginePacket::Ping(Heartbeat::Beat),
        EnginePacket::Binary(vec![1, 2, 3, 4].into()),
    ];
    assert_eq!(decode_payload(body, &WireLimits::default()).unwrap(), packets);
    assert_eq!(encode_payload(&packets).unwrap(), body);
}

#[test]
fn bounds_hold_to_the_byte_and_packet() {
    let longest = format!("4{}", "x".repeat(15));
    assert!(decode_payload(&longest, &LIMITS).is_ok());
    assert_eq!(
        decode_payload(&format!("{longest}x"), &LIMITS),
        Err(DecodeError::TooLarge { bytes: 17, max_bytes: 16 })
    );
    assert_eq!(decode_payload("6\u{1e}6\u{1e}6", &LIMITS).unwrap().len(), 3);
    assert_eq!(decode_payload("6\u{1e}6\u{1e}6\u{1e}6", &LIMITS), Err(DecodeError::TooManyPackets { max: 3 }));
}

#[test]
fn one_bad_packet_refuses_the_payload() {
    for (body, error) in [
        ("", DecodeError::Empty),
        ("6\u{1e}", DecodeError::Empty),
        ("6\u{1e}b***", DecodeError::Base64),
        ("6\u{1e}9", DecodeError::EngineType),
    ] {
        assert_eq!(decode_payload(body, &LIMITS), Err(error), "{body:?}");
    }
}

#[test]
fn payloads_split_where_the_next_packet_would_not_fit() {
    let packets = [EnginePacket::Message("abc"), EnginePacket::Message("é"), EnginePacket::Binary(vec![0; 3].into())];
    let (body, rest) = encode_payload_within(&packets, 8).unwrap();
    assert_eq!((body.as_str(), rest), ("4abc\u{1e}4é", &packets[2..]));
    let (body, rest) = encode_payload_within(&packets, 7).unwrap();
    assert_eq!((body.as_str(), rest), ("4abc", &packets[1..]));
    let (body, rest) = encode_payload_within(rest, 9).unwrap();
    assert_eq!((body.as_str(), rest), ("4é\u{1e}bAAAA", &packets[..0]));
    assert!(matches!(encode_payload_within(&packets, 3), Err(EncodeError::TooLarge { bytes: 4, max_bytes: 3 })));
}

#[test]
fn a_message_cannot_smuggle_a_second_packet() {
    let packets = [EnginePacket::Message("a\u{1e}1")];
    assert!(matches!(encode_payload(&packets), Err(EncodeError::Separator)));
}
