use crate::wire::{Arg, Assembler, BinaryPacket, DecodeError, Incoming, Packet, Placeholder, WireLimits};

const TWO: &str = concat!(
    r#"52-9["baz",{"_placeholder":true,"num":1},{"in":{"_placeholder":true,"num":0}},"#,
    r#"{"_placeholder":false,"num":0}]"#
);

fn assembler() -> Assembler {
    Assembler::new(WireLimits { max_frame_bytes: 200, ..WireLimits::default() })
}

fn assemble(text: &str, attachments: &[&[u8]]) -> BinaryPacket {
    let mut assembler = assembler();
    assert!(matches!(assembler.handle_text(text), Ok(Incoming::Pending)));
    let (last, first) = attachments.split_last().unwrap();
    for bytes in first {
        assert_eq!(assembler.handle_binary(bytes), Ok(None));
        assert!(assembler.is_pending());
    }
    let packet = assembler.handle_binary(last).unwrap().unwrap();
    assert!(!assembler.is_pending());
    packet
}

#[test]
fn placeholders_become_their_attachments() {
    let packet = assemble(TWO, &[b"zero", b"one"]);
    assert!(matches!(packet.packet(), Ok(Packet::BinaryEvent { id: Some(9), .. })));
    let args = packet.args().unwrap();
    assert!(matches!(args[0], Arg::Bytes(b"one")));
    assert!(matches!(args[2], Arg::Json(_)));
    let Arg::Json(nested) = args[1] else {
        panic!("a nested placeholder is left in its JSON");
    };
    let nested: std::collections::BTreeMap<&str, Placeholder> = serde_json::from_str(nested.get()).unwrap();
    assert_eq!(packet.resolve(nested["in"]), Ok(&b"zero"[..]));
}

#[test]
fn packets_without_attachments_pass_through() {
    let mut assembler = assembler();
    for text in [r#"2["foo"]"#, r#"50-["foo"]"#] {
        assert!(matches!(assembler.handle_text(text), Ok(Incoming::Packet(_))));
    }
}

#[test]
fn placeholders_past_the_attachments_are_refused() {
    let packet = assemble(r#"61-1[{"_placeholder":true,"num":1}]"#, &[b""]);
    assert_eq!(packet.args().unwrap_err(), DecodeError::Placeholder { num: 1 });
}

#[test]
fn frames_out_of_turn_are_refused_and_nothing_stays_pending() {
    let mut assembler = assembler();
    assert_eq!(assembler.handle_binary(b"x"), Err(DecodeError::StrayAttachment));
    assembler.handle_text(TWO).unwrap();
    assert_eq!(assembler.handle_text(r#"2["foo"]"#).unwrap_err(), DecodeError::TextMidAssembly);
    assert!(!assembler.is_pending());
    assert_eq!(assembler.handle_binary(b"x"), Err(DecodeError::StrayAttachment));
}

#[test]
fn limits_hold_before_anything_is_kept() {
    let mut assembler = assembler();
    assert_eq!(
        assembler.handle_text(r#"55-["foo"]"#).unwrap_err(),
        DecodeError::TooManyAttachments { announced: 5, max: 4 }
    );
    assert!(!assembler.is_pending());
    let too_large = DecodeError::TooLarge { bytes: 201, max_bytes: 200 };
    assembler.handle_text(r#"54-["foo"]"#).unwrap();
    assert_eq!(assembler.handle_binary(&[0; 201]), Err(too_large));
    assert!(!assembler.is_pending());
    assert_eq!(assembler.handle_text(&"5".repeat(201)).unwrap_err(), too_large);
}
