//! Windows, threads and counts against a small server that keeps its own, whatever was read when and comes in what
//! order: what is shown is never older than it was, never two messages with a hole between them, and in the end the
//! server's. A failing case prints its steps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use roomcast_protocol::{
    Command, CommandKind, Event, MessageId, Reply, Rev, Seq, Timestamp, ack,
    command::{GetMessages, MarkRead, Place, ReadUpTo, SendMessage},
    event,
    model::{DeltaKind, Message, Receipt, RoomDelta, RoomState},
    reply::{self, MessageStored, Synced},
    wire::{encode_ack, encode_event},
};

use super::harness::*;
use crate::{CommandId, Config, Notice, Saved, UserCommand, fixtures};

/// Messages that the room has when the client enters it, and how far the user had read.
const BEGUN: (u64, u64) = (300, 250);
/// A client further behind than so many changes is reset.
const DELTA_MOST: u64 = 60;
/// Messages of a page, and of a reset's.
const PAGE: u64 = 20;

/// What happens next. A number chooses among what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Others post so many; every third in a thread, every fifth to the user.
    Post(u64),
    /// The user posts.
    Mine,
    /// Somebody edits a message.
    Edit(u64),
    /// Somebody deletes a message.
    Delete(u64),
    /// The user wants to see what was before, what is after, a place, a message, or the newest.
    Older,
    Newer,
    Around(u64),
    AroundId(u64),
    Newest,
    /// The user looks up a message, opens a thread or loads more of it, closes it.
    LookUp(u64),
    Thread(u64),
    CloseThread(u64),
    /// The user reads up to a place, here or on another device.
    Read(u64),
    ReadElsewhere(u64),
    /// The server takes so many of the commands on their way to it.
    Up(usize),
    /// The client gets so many of the frames on their way to it.
    Down(usize),
    /// One of them overtakes the others.
    Overtake(usize),
    /// One of the events is lost.
    Lose(usize),
    /// The socket dies with all that is on its way.
    Die,
    /// Time passes.
    Wait(u64),
}

struct World {
    session: Session,
    messages: Vec<Message>,
    rev: u64,
    read: u64,
    up: Vec<(Command, Option<u64>)>,
    down: Vec<(bool, String)>,
    asked: Vec<CommandId>,
    /// The newest state of each message that was shown.
    shown: BTreeMap<Seq, Rev>,
    resets: usize,
}

impl World {
    fn new() -> Self {
        let config = Config { timeline_messages: 60, ..Config::default() };
        let session = Session::with(config, Saved::default());
        let (shown, resets) = (BTreeMap::new(), 0);
        let (up, down, asked) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = Self { session, messages: Vec::new(), rev: 0, read: BEGUN.1, up, down, asked, shown, resets };
        for _ in 0..BEGUN.0 {
            world.store("bob", None);
        }
        world.session.connect();
        world.session.accept();
        let Event::InitialState(mut state) = initial_state(vec![world.state()], Vec::new()) else { unreachable!() };
        // So large that an unread count is never a guess.
        state.limits.page = 10_000;
        world.session.event(Event::InitialState(state));
        world.session.sent.clear();
        world
    }

    fn step(&mut self, step: Step) {
        let room = room_id("r");
        match step {
            Step::Post(count) => {
                for _ in 0..count {
                    let message = self.store("bob", None);
                    self.emit(&posted(message));
                }
            }
            Step::Mine => {
                let client_id = client_id(&format!("c{}", self.asked.len()));
                let send = SendMessage { client_id: Some(client_id), ..send("r", "mine") };
                self.ask(UserCommand::Request(Box::new(Command::SendMessage(send))));
            }
            Step::Edit(nth) => {
                let text = format!("edited at {}", self.rev + 1);
                self.alter(nth, |message| {
                    message.content = text;
                    message.version += 1;
                });
            }
            Step::Delete(nth) => self.alter(nth, |message| {
                message.content.clear();
                message.mentions.clear();
                message.deleted_at = Some(Timestamp::new(1));
            }),
            Step::Older => self.ask(UserCommand::LoadOlder { room_id: room, limit: PAGE }),
            Step::Newer => self.ask(UserCommand::LoadNewer { room_id: room, limit: PAGE }),
            Step::Around(nth) => {
                let place = Place::Seq(self.pick(nth).seq);
                self.ask(UserCommand::LoadAround { room_id: room, place, limit: PAGE });
            }
            Step::AroundId(nth) => {
                let place = Place::Message(self.pick(nth).id.clone());
                self.ask(UserCommand::LoadAround { room_id: room, place, limit: PAGE });
            }
            Step::Newest => self.ask(UserCommand::JumpToNewest { room_id: room }),
            Step::LookUp(nth) => {
                let message_id = self.pick(nth).id.clone();
                self.ask(UserCommand::Lookup { room_id: room, message_id });
            }
            Step::Thread(nth) => {
                self.ask(UserCommand::LoadThread { room_id: room, thread_id: thread(nth), limit: PAGE });
            }
            Step::CloseThread(nth) => self.ask(UserCommand::CloseThread { room_id: room, thread_id: thread(nth) }),
            Step::Read(nth) => {
                let read = MarkRead::UpTo(ReadUpTo { room_id: room, up_to_seq: self.pick(nth).seq });
                self.ask(UserCommand::Request(Box::new(Command::MarkRead(read))));
            }
            Step::ReadElsewhere(nth) => {
                self.read = self.read.max(self.pick(nth).seq.value());
                self.emit_read();
            }
            Step::Up(count) => self.serve(count),
            Step::Down(count) => {
                for _ in 0..count.min(self.down.len()) {
                    self.deliver(0);
                }
            }
            Step::Overtake(nth) if !self.down.is_empty() => self.deliver(nth % self.down.len()),
            Step::Lose(nth) if !self.down.is_empty() => {
                let place = nth % self.down.len();
                if self.down[place].0 {
                    self.down.remove(place);
                }
            }
            Step::Overtake(_) | Step::Lose(_) => {}
            Step::Die => self.die(),
            Step::Wait(ms) => self.session.advance(ms),
        }
        self.collect();
    }

    fn ask(&mut self, command: UserCommand) {
        let id = self.session.command(command);
        self.asked.push(id);
        self.look();
    }

    fn deliver(&mut self, place: usize) {
        let (_, frame) = self.down.remove(place);
        if self.session.conn.is_some() {
            self.session.frame(&frame);
            self.look();
        }
    }

    /// The screen, after each thing that happens.
    fn look(&mut self) {
        let resets = self.session.notices.iter().filter(|notice| matches!(notice, Notice::RoomReset(_))).count();
        if resets != self.resets {
            // Begun anew from a moment that may be before what pages had told in advance.
            (self.resets, self.shown) = (resets, BTreeMap::new());
        }
        let room = self.session.room();
        let mut before = None;
        for message in room.timeline.iter() {
            let seq = message.seq.value();
            assert!(before.is_none_or(|before| before + 1 == seq), "{seq} stands behind {before:?}");
            before = Some(seq);
            let shown = self.shown.entry(message.seq).or_default();
            assert!(message.rev >= *shown, "{seq} was shown as of {shown}, and is now as of {}", message.rev);
            *shown = message.rev;
        }
        assert_eq!(room.timeline.len(), room.timeline.iter().count());
    }

    fn pick(&self, nth: u64) -> &Message {
        &self.messages[nth as usize % self.messages.len()]
    }

    fn store(&mut self, user: &str, send: Option<&SendMessage>) -> Message {
        self.rev += 1;
        let seq = self.messages.len() as u64 + 1;
        let mut message = send.map_or_else(|| fixtures::message("r", user, seq), |send| stored(send, seq));
        message.rev = Rev::new(self.rev);
        // A message that a thread hangs on is in none.
        if seq.is_multiple_of(3) && user != ME && seq != 240 {
            message.thread_id = Some(thread(seq));
        }
        if seq.is_multiple_of(5) && user != ME {
            message.mentions = vec![user_id(ME)];
        }
        if let Some(root) = self.messages.iter_mut().find(|root| Some(&root.id) == message.thread_id.as_ref()) {
            root.count_reply(&message);
        }
        self.messages.push(message.clone());
        message
    }

    fn alter(&mut self, nth: u64, change: impl FnOnce(&mut Message)) {
        let len = self.messages.len();
        let message = &mut self.messages[nth as usize % len];
        if message.deleted_at.is_some() {
            return;
        }
        self.rev += 1;
        change(message);
        message.rev = Rev::new(self.rev);
        let changed = Box::new(changed(message.clone()));
        self.emit(&if changed.message.deleted_at.is_some() {
            Event::MessageDeleted(changed)
        } else {
            Event::MessageEdited(changed)
        });
    }

    fn emit(&mut self, event: &Event) {
        let frame = encode_event(event.kind().name(), event, None).unwrap().into_frame();
        self.down.push((true, frame));
    }

    fn emit_read(&mut self) {
        let (room_id, read_seq) = (room_id("r"), Seq::new(self.read));
        let read = event::MessagesRead { user_id: user_id(ME), message_ids: Vec::new(), room_id, read_seq };
        self.emit(&Event::MessagesRead(Box::new(read)));
    }

    fn collect(&mut self) {
        for sent in std::mem::take(&mut self.session.sent) {
            if let Sent::Command { command, id } = sent {
                self.up.push((*command, id));
            }
        }
    }

    fn serve(&mut self, count: usize) {
        for _ in 0..count.min(self.up.len()) {
            let (command, id) = self.up.remove(0);
            let answer = match command {
                Command::SendMessage(send) => {
                    let known = self.messages.iter().find(|message| message.client_id == send.client_id).cloned();
                    let message = known.unwrap_or_else(|| self.store(ME, Some(&send)));
                    let rev = message.rev;
                    Reply::SendMessage(MessageStored { message, rev })
                }
                Command::MarkRead(MarkRead::UpTo(read)) => {
                    self.read = self.read.max(read.up_to_seq.value());
                    Reply::MarkRead(reply::Done {})
                }
                Command::Sync(sync) => {
                    let rooms = vec![self.delta(sync.rooms[&room_id("r")])];
                    Reply::Sync(Synced { epoch: epoch("e"), rooms })
                }
                Command::GetMessages(get) => Reply::GetMessages(self.page(&get)),
                other => panic!("the client asks {other:?}"),
            };
            let frame = encode_ack(id.unwrap(), &ack::encode(&Ok(answer))).unwrap().into_frame();
            self.down.push((false, frame));
        }
    }

    fn page(&self, get: &GetMessages) -> reply::Messages {
        let limit = get.limit.unwrap() as usize;
        let inside = |message: &&Message| get.thread_id.is_none() || message.thread_id == get.thread_id;
        let all: Vec<&Message> = self.messages.iter().filter(inside).collect();
        let newest = |until: Seq, limit: usize| {
            let older: Vec<_> = all.iter().filter(|message| message.seq <= until).collect();
            older[older.len().saturating_sub(limit)..].iter().map(|message| Message::clone(message)).collect::<Vec<_>>()
        };
        let oldest = |after: Seq, limit: usize| {
            let newer = all.iter().filter(|message| message.seq > after);
            newer.take(limit).map(|message| Message::clone(message)).collect::<Vec<_>>()
        };
        let around = match &get.around {
            Some(Place::Message(id)) => all.iter().find(|message| message.id == *id).map(|message| message.seq),
            Some(Place::Seq(seq)) => Some(*seq),
            None => None,
        };
        let messages = match (get.before, get.after, around) {
            (Some(before), ..) => newest(Seq::new(before.value() - 1), limit),
            (_, Some(after), _) => oldest(after, limit),
            (.., Some(seq)) => [newest(seq, limit.div_ceil(2)), oldest(seq, limit / 2)].concat(),
            _ => newest(Seq::new(u64::MAX), limit),
        };
        let ends = |seq: Seq| all.first().map(|first| first.seq) == Some(seq);
        let has_more = match get.after {
            Some(_) => messages.last().map(|last| last.seq) != all.last().map(|last| last.seq) && !messages.is_empty(),
            None => messages.first().is_some_and(|first| !ends(first.seq)),
        };
        reply::Messages { messages, has_more, authors: Vec::new() }
    }

    fn unread(&self) -> (u64, u64) {
        let counts = |m: &&Message| m.seq.value() > self.read && m.user_id.as_str() != ME && m.deleted_at.is_none();
        let unread: Vec<_> = self.messages.iter().filter(counts).collect();
        (unread.len() as u64, unread.iter().filter(|message| !message.mentions.is_empty()).count() as u64)
    }

    fn state(&self) -> RoomState {
        let mut state = room_state("r", self.messages.len() as u64);
        state.room.rev = Rev::new(self.rev);
        state.read_seq = Seq::new(self.read);
        (state.unread, state.mentions) = self.unread();
        state.last_message = self.messages.last().cloned();
        state
    }

    fn delta(&self, since: Rev) -> RoomDelta {
        let rev = Rev::new(self.rev);
        if since.value() + DELTA_MOST < self.rev {
            let from = self.messages.len().saturating_sub(PAGE as usize);
            let (messages, room) = (self.messages[from..].to_vec(), Some(Box::new(self.state())));
            let bare = RoomDelta::bare(room_id("r"), DeltaKind::Reset, rev);
            return RoomDelta { messages, room, has_more: from > 0, ..bare };
        }
        let messages = self.messages.iter().filter(|message| message.rev > since).cloned().collect();
        let receipts = vec![Receipt { user_id: user_id(ME), read_seq: Seq::new(self.read) }];
        RoomDelta { messages, receipts, ..RoomDelta::bare(room_id("r"), DeltaKind::Delta, rev) }
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
        self.session.accept();
        let Event::InitialState(mut state) = initial_state(Vec::new(), vec![delta]) else { unreachable!() };
        state.limits.page = 10_000;
        self.session.event(Event::InitialState(state));
        self.look();
    }

    /// Everything works from now on, and enough time passes.
    fn heal(&mut self) {
        if self.session.conn.is_none() {
            self.die();
        }
        self.collect();
        for _ in 0..40 {
            self.step(Step::Up(usize::MAX));
            let heads = event::Heads { rooms: [(room_id("r"), Rev::new(self.rev))].into() };
            self.emit(&Event::Heads(Box::new(heads)));
            self.emit_read();
            self.step(Step::Down(usize::MAX));
            self.step(Step::Wait(500));
        }
    }

    /// Every window is the server's.
    fn check(&mut self) {
        let room = self.session.room();
        let shown: Vec<_> = room.timeline.iter().map(|message| message.as_ref().clone()).collect();
        let first = shown.first().map_or(0, |first| first.seq.value() as usize - 1);
        assert_eq!(shown, self.messages[first..first + shown.len()], "the window is the server's");
        assert!(!shown.is_empty() && !room.loading_older && !room.loading_newer && !room.loading_around);
        let head = self.messages.len();
        assert_eq!((room.has_older, room.has_newer), (first > 0, first + shown.len() < head), "a gap is a gap");
        assert_eq!((room.unread, room.mentions, room.read_seq.value()), (self.unread().0, self.unread().1, self.read));
        for (id, quoted) in room.quoted.iter() {
            let stored = self.messages.iter().find(|message| message.id == *id);
            assert_eq!(Some(quoted.as_ref()), stored, "what is quoted is as it is");
        }
        for nth in 0..2 {
            let Some(view) = self.session.client.thread(&room_id("r"), &thread(nth)) else { continue };
            let all: Vec<_> = self.messages.iter().filter(|m| m.thread_id.as_ref() == Some(&thread(nth))).collect();
            let shown: Vec<_> = view.timeline.iter().map(AsRef::as_ref).collect();
            let from = all.len() - shown.len();
            assert_eq!(shown, all[from..], "the thread is the server's");
            assert!(view.has_older || from == 0, "what is missing is told");
            assert_eq!(view.timeline.len(), shown.len());
            let root = self.messages.iter().find(|message| message.id == thread(nth));
            assert_eq!(view.first.as_deref(), root);
        }
        for id in &self.asked {
            assert!(self.session.resolved.contains_key(id), "{id:?} was never answered");
        }
    }
}

/// One of two threads.
fn thread(nth: u64) -> MessageId {
    fixtures::message("r", "bob", if nth.is_multiple_of(2) { 7 } else { 240 }).id
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop_oneof![8 => 1u64..6, 1 => 30u64..70].prop_map(Step::Post),
        2 => Just(Step::Mine),
        5 => (0u64..1_000).prop_map(Step::Edit),
        2 => (0u64..1_000).prop_map(Step::Delete),
        6 => Just(Step::Older),
        5 => Just(Step::Newer),
        3 => (0u64..1_000).prop_map(Step::Around),
        2 => (0u64..1_000).prop_map(Step::AroundId),
        2 => Just(Step::Newest),
        1 => (0u64..1_000).prop_map(Step::LookUp),
        3 => (0u64..2).prop_map(Step::Thread),
        1 => (0u64..2).prop_map(Step::CloseThread),
        2 => (0u64..1_000).prop_map(Step::Read),
        1 => (0u64..1_000).prop_map(Step::ReadElsewhere),
        9 => (1usize..6).prop_map(Step::Up),
        9 => (1usize..6).prop_map(Step::Down),
        5 => (0usize..50).prop_map(Step::Overtake),
        2 => (0usize..50).prop_map(Step::Lose),
        1 => Just(Step::Die),
        2 => prop::sample::select(vec![1u64, 250, 1_000, 11_000]).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_window_is_the_servers_once_everything_has_arrived(steps in prop::collection::vec(step(), 0..150)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.heal();
        world.check();

        // From wherever the window is, the whole history can be walked through.
        for _ in 0..40 {
            let room = world.session.room();
            if !room.has_older && !room.has_newer {
                break;
            }
            world.step(if room.has_older { Step::Older } else { Step::Newer });
            world.step(Step::Up(usize::MAX));
            world.step(Step::Down(usize::MAX));
        }
        let room = world.session.room();
        prop_assert!(room.is_live() && !room.has_older);
        prop_assert_eq!(room.timeline.len(), world.messages.len());
        world.check();
        world.step(Step::Newest);
        prop_assert!(world.session.room().timeline.len() <= 60 + 128);
        world.check();
    }
}

#[test]
fn the_steps_reach_what_they_are_meant_to() {
    let mut world = World::new();
    for step in [Step::Around(100), Step::Up(1), Step::Edit(100), Step::Overtake(1), Step::Overtake(0)] {
        world.step(step);
    }
    assert!(world.session.room().has_newer);
    assert!(world.session.room().timeline.at(Seq::new(101)).unwrap().content.starts_with("edited"));
    for step in [Step::Post(70), Step::Lose(0), Step::Down(90), Step::Die] {
        world.step(step);
    }
    assert_eq!(world.resets, 1);
    assert!(world.up.iter().any(|(command, _)| command.kind() == CommandKind::GetMessages), "the window is asked for");
    world.heal();
    world.check();
    assert!(world.session.room().has_newer);
}
