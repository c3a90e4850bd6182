//! What is left out under load, and in which order.

use roomcast_protocol::{
    Command, ErrorCode, Seq,
    ack::Ack,
    command::{MarkRead, ReadUpTo, TypingStart, UpdatePresence},
    model::Availability,
};

use super::*;
use crate::service::Plan;

/// As many changes as the writer's queue takes.
const QUEUE: usize = 4_096;

async fn answer(plan: Plan) -> Ack {
    match plan {
        Plan::Done(ack) => *ack,
        Plan::Write(ack) | Plan::Read(ack) => ack.await,
        Plan::Enter(_) | Plan::CatchUp(_) | Plan::Refresh(_) => unreachable!("nobody enters"),
    }
}

#[tokio::test]
async fn typing_then_presence_then_receipts_are_left_out_and_messages_never() {
    let world = World::new().await;
    world.create("r").await;
    let mut session = world.connect(1, "alice").await;
    let service = &world.service;
    let degraded = || {
        let told = world.heard.2.lock().expect("no panic");
        told.iter()
            .filter(|(name, _)| *name == "degraded")
            .map(|(_, json)| json["features"].clone())
            .collect::<Vec<_>>()
    };
    let typed = || world.heard("user-typing", "alice", "r");
    let presence = || Command::UpdatePresence(UpdatePresence { status: Availability::Busy, text: None });
    let read = || Command::MarkRead(MarkRead::UpTo(ReadUpTo { room_id: room("r"), up_to_seq: Seq::default() }));
    let code = |ack: Ack| ack.map(drop).map_err(|error| error.code);

    // Nothing is written until this task waits for something.
    let mut sends = Vec::new();
    let mut fill = |session: &mut Session, waiting: usize| {
        for number in service.writer_depth()..waiting {
            sends.push(service.begin(session, Command::SendMessage(message("r", &number.to_string()))));
        }
        service.tick();
    };

    fill(&mut session, QUEUE / 2);
    let typing = service.begin(&mut session, Command::TypingStart(TypingStart(room("r"))));
    assert!(answer(typing).await.is_ok() && !typed(), "it is nobody's loss");
    assert_eq!(code(answer(service.begin(&mut session, presence())).await), Ok(()));
    assert_eq!(degraded(), [serde_json::json!(["typing"])]);

    fill(&mut session, QUEUE / 8 * 5);
    assert_eq!(code(answer(service.begin(&mut session, presence())).await), Err(ErrorCode::Overloaded));
    assert_eq!(degraded().last(), Some(&serde_json::json!(["typing", "presence"])));

    fill(&mut session, QUEUE / 8 * 6);
    let refused = answer(service.begin(&mut session, read())).await.expect_err("left out");
    assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::Overloaded, Some(1_000)));
    assert_eq!(degraded().last(), Some(&serde_json::json!(["typing", "presence", "receipts"])));

    fill(&mut session, QUEUE);
    let beyond = service.begin(&mut session, Command::SendMessage(message("r", "beyond")));
    assert_eq!(code(answer(beyond).await), Err(ErrorCode::Overloaded));
    for sent in sends {
        // Some may take longer than an answer waits; none is refused.
        assert_ne!(code(answer(sent).await), Err(ErrorCode::Overloaded));
    }
    while service.writer_depth() > 0 {
        tokio::task::yield_now().await;
    }
    service.tick();
    assert_eq!(degraded().last(), Some(&serde_json::json!([])), "all is well again");
    let typing = service.begin(&mut session, Command::TypingStart(TypingStart(room("r"))));
    assert!(answer(typing).await.is_ok() && typed());
    assert_eq!(code(answer(service.begin(&mut session, read())).await), Ok(()));
}
