//! The promise as a whole, against a small server that keeps its own: what it acknowledged is on the screen once,
//! in its order, whatever the wire lost, delayed or reordered – and what it did not acknowledge goes out again.

use std::collections::VecDeque;

use proptest::prelude::*;
use roomcast_protocol::{
    Command, CommandKind, ErrorBody, ErrorCode, Event, Reply, Rev, ack, event,
    model::{DeltaKind, Message, RoomDelta},
    reply::{MessageStored, Synced},
    wire::{encode_ack, encode_event},
};

use super::harness::*;
use crate::{Answer, CommandId, fixtures};

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The user posts.
    Post,
    /// Somebody else posts.
    Other,
    /// Somebody else edits the newest message.
    Edit,
    /// The server takes so many of the frames on their way to it.
    Up(usize),
    /// The client gets so many of the frames on their way to it.
    Down(usize),
    /// The next frame on its way to the client is overtaken by the one after.
    Swap,
    /// An event on its way to the client is lost; an acknowledgement is not, but its connection can be.
    LoseEvent,
    /// The server refuses the next send, for now.
    Refuse,
    /// The socket dies with all that is on its way.
    Die,
    /// Time passes.
    Wait(u64),
}

struct World {
    session: Session,
    messages: Vec<Message>,
    rev: u64,
    up: VecDeque<(Command, Option<u64>)>,
    down: VecDeque<(bool, String)>,
    refuse: bool,
    posts: Vec<CommandId>,
}

impl World {
    fn new() -> Self {
        let mut session = Session::live(0);
        session.sent.clear();
        let (up, down) = (VecDeque::new(), VecDeque::new());
        Self { session, messages: Vec::new(), rev: 0, up, down, refuse: false, posts: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Post => {
                let id = self.session.post("r", &format!("mine {}", self.posts.len()));
                self.posts.push(id);
            }
            Step::Other => {
                let message = self.store(fixtures::message("r", "bob", 1));
                self.emit(&posted(message));
            }
            Step::Edit => {
                let Some(mut message) = self.messages.pop() else { return };
                self.rev += 1;
                message.rev = Rev::new(self.rev);
                message.version += 1;
                message.content.push('!');
                self.messages.push(message.clone());
                self.emit(&Event::MessageEdited(Box::new(changed(message))));
            }
            Step::Up(count) => self.serve(count),
            Step::Down(count) => {
                for _ in 0..count {
                    let Some((_, frame)) = self.down.pop_front() else { break };
                    if self.session.conn.is_some() {
                        self.session.frame(&frame);
                    }
                }
            }
            Step::Swap => {
                if self.down.len() > 1 {
                    self.down.swap(0, 1);
                }
            }
            Step::LoseEvent => {
                if let Some(place) = self.down.iter().position(|(is_event, _)| *is_event) {
                    self.down.remove(place);
                }
            }
            Step::Refuse => self.refuse = true,
            Step::Die => self.die(),
            Step::Wait(ms) => self.session.advance(ms),
        }
        self.collect();
    }

    /// The server's next message, whatever place it was made for.
    fn store(&mut self, message: Message) -> Message {
        self.rev += 1;
        let seq = self.messages.len() as u64 + 1;
        let placed = fixtures::message("r", message.user_id.as_str(), seq);
        let message = Message { id: placed.id, seq: placed.seq, rev: Rev::new(self.rev), ..message };
        self.messages.push(message.clone());
        message
    }

    fn emit(&mut self, event: &Event) {
        let frame = encode_event(event.kind().name(), event, None).unwrap().into_frame();
        self.down.push_back((true, frame));
    }

    fn collect(&mut self) {
        for sent in std::mem::take(&mut self.session.sent) {
            if let Sent::Command { command, id } = sent {
                self.up.push_back((*command, id));
            }
        }
    }

    fn serve(&mut self, count: usize) {
        for _ in 0..count {
            let Some((command, id)) = self.up.pop_front() else { break };
            let answer = match command {
                Command::SendMessage(_) if std::mem::take(&mut self.refuse) => {
                    Err(ErrorBody::new(ErrorCode::Unavailable, "unable to; test").retry_after(50))
                }
                Command::SendMessage(send) => {
                    let known = self.messages.iter().find(|message| message.client_id == send.client_id).cloned();
                    let message = known.unwrap_or_else(|| self.store(stored(&send, 1)));
                    let rev = message.rev;
                    Ok(Reply::SendMessage(MessageStored { message, rev }))
                }
                Command::Sync(sync) => {
                    let rooms = vec![self.delta(sync.rooms[&room_id("r")])];
                    Ok(Reply::Sync(Synced { epoch: epoch("e"), rooms }))
                }
                _ => continue,
            };
            let Some(id) = id else { continue };
            self.down.push_back((false, encode_ack(id, &ack::encode(&answer)).unwrap().into_frame()));
        }
    }

    fn delta(&self, since: Rev) -> RoomDelta {
        let messages = self.messages.iter().filter(|message| message.rev > since).cloned().collect();
        let kind = if since == Rev::new(self.rev) { DeltaKind::UpToDate } else { DeltaKind::Delta };
        RoomDelta { messages, ..RoomDelta::bare(room_id("r"), kind, Rev::new(self.rev)) }
    }

    /// The socket dies; the next one resumes.
    fn die(&mut self) {
        self.up.clear();
        self.down.clear();
        if self.session.conn.is_some() {
            self.session.lose();
        }
        while self.session.conn.is_none() {
            self.session.advance(1_000);
        }
        self.session.open();
        let since = self.session.auth().resume.as_ref().map(|resume| resume.rooms[&room_id("r")]);
        let delta = self.delta(since.expect("the client knows the room"));
        self.session.enter_with(Vec::new(), vec![delta]);
    }

    /// Everything works from now on, and enough time passes.
    fn heal(&mut self) {
        self.refuse = false;
        if self.session.conn.is_none() {
            self.die();
        }
        self.collect();
        for _ in 0..200 {
            self.step(Step::Up(usize::MAX));
            let heads = event::Heads { rooms: [(room_id("r"), Rev::new(self.rev))].into() };
            self.emit(&Event::Heads(Box::new(heads)));
            self.step(Step::Down(usize::MAX));
            self.step(Step::Wait(500));
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Post),
        4 => Just(Step::Other),
        1 => Just(Step::Edit),
        6 => (1usize..5).prop_map(Step::Up),
        8 => (1usize..5).prop_map(Step::Down),
        3 => Just(Step::Swap),
        2 => Just(Step::LoseEvent),
        1 => Just(Step::Refuse),
        1 => Just(Step::Die),
        2 => prop::sample::select(vec![1u64, 100, 250, 1_000, 11_000]).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_is_there_once_and_in_order(steps in prop::collection::vec(step(), 0..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.heal();

        let room = world.session.room();
        let shown: Vec<_> = room.timeline.iter().map(|message| message.as_ref().clone()).collect();
        prop_assert_eq!(&shown, &world.messages, "the screen is the server's history");
        prop_assert!(room.pending.is_empty() && !room.catching_up);
        let told = world.session.told();
        prop_assert_eq!(&told, &(1..=world.messages.len() as u64).collect::<Vec<_>>(), "told once each, in order");

        for id in &world.posts {
            let Some(Ok(Answer::Reply(reply))) = world.session.resolved.get(id) else {
                return Err(TestCaseError::fail(format!("{id:?}: {:?}", world.session.resolved.get(id))));
            };
            let Reply::SendMessage(sent) = reply.as_ref() else { unreachable!() };
            let place = sent.message.seq.value() as usize - 1;
            prop_assert_eq!(&world.messages[place].id, &sent.message.id);
        }
        let mine = world.messages.iter().filter(|message| message.user_id.as_str() == ME).count();
        prop_assert_eq!(mine, world.posts.len(), "each exactly once");
        super::trace::assert_replays(&world.session);
    }
}

#[test]
fn the_chaos_reaches_what_it_is_meant_to() {
    let mut world = World::new();
    for step in [Step::Post, Step::Up(1), Step::Die, Step::Other, Step::LoseEvent, Step::Other, Step::Down(9)] {
        world.step(step);
    }
    assert!(world.up.iter().any(|(command, _)| command.kind() == CommandKind::Sync), "a loss is noticed");
    world.heal();
    assert_eq!(world.session.seqs(), [1, 2, 3]);
}
