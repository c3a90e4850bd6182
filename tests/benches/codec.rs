//! The wire codec beside socketioxide's, on the packet that matters most: `cargo bench -p roomcast-tests --bench codec`.
//!
//! Both read a `new-message` frame into its typed payload and write one from it. Prints packets a second; the best
//! of five rounds, as everything else on the machine can only slow it down.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use roomcast_protocol::{
    event::NewMessage,
    wire::{self, Header, Packet},
};
use socketioxide_core::{
    Value,
    packet::{Packet as Their, PacketData},
    parser::{Parse as _, ParseConfig, ParserState},
};
use socketioxide_parser_common::CommonParser;

const ROUND: Duration = Duration::from_millis(500);
const ROUNDS: usize = 5;

fn main() {
    let event = sample();
    let ours = wire::encode_event("new-message", &event, None).expect("it serialises").into_packet();
    println!("a new-message packet of {} bytes, packets/s:", ours.len());
    report("read, ours", || {
        let Ok(Packet::Event { args, .. }) = Packet::decode(black_box(&ours)) else { panic!("it is an event") };
        black_box(serde_json::from_str::<NewMessage>(args[0].get()).expect("it is a message"));
    });
    report("read, socketioxide-parser-common", || {
        let text = black_box(ours.as_str()).to_owned();
        let (config, state) = (ParseConfig::default(), ParserState::default());
        let packet = CommonParser.decode_str(&config, &state, text.into()).expect("it is a packet");
        let PacketData::Event(mut value, _) = packet.inner else { panic!("it is an event") };
        black_box(CommonParser.decode_value::<(NewMessage,)>(&mut value, true).expect("it is a message"));
    });
    report("route only, ours", || {
        black_box(Header::decode(black_box(&ours)).expect("it is a packet"));
    });
    report("write, ours", || {
        black_box(wire::encode_event("new-message", black_box(&event), None).expect("it serialises"));
    });
    report("write, socketioxide-parser-common", || {
        let value = CommonParser.encode_value(black_box(&event), Some("new-message")).expect("it serialises");
        let packet = Their { inner: PacketData::Event(value, None), ns: "/".into() };
        let Value::Str(..) = black_box(CommonParser.encode(packet)) else { panic!("it writes text") };
    });
}

fn report(what: &str, mut step: impl FnMut()) {
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let (began, mut count) = (Instant::now(), 0_u32);
        while began.elapsed() < ROUND {
            for _ in 0..64 {
                step();
            }
            count += 64;
        }
        best = best.max(f64::from(count) / began.elapsed().as_secs_f64());
    }
    println!("  {what:<36}{best:>12.0}");
}

fn sample() -> NewMessage {
    let json = r#"{"message":{"id":"01a206e4-5d69-76e9-b89f-f6ebc394efef","roomId":"general","userId":"alice",
        "clientId":"01a206e4-5d68-7a11-9e0c-2f7a0b6d1c33","type":"text","content":"Shall we meet at noon, by the fountain?",
        "seq":4711,"rev":4800,"version":1,"createdAt":1795412000123},"user":{"id":"alice","name":"Alice"},"rev":4800}"#;
    serde_json::from_str(json).expect("it is a message")
}
