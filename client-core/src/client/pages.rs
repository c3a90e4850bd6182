//! Pages of rooms and threads: what the user wants to see of what was said before. A room that was reset asks by
//! itself for what is looked at.

use std::sync::Arc;

use roomcast_protocol::{
    Command, ErrorBody, ErrorCode, MessageId, Reply, RoomId, Seq,
    ack::Ack,
    command::{GetMessages, Place},
    error::Retry,
    model::Message,
    reply::Messages,
};

use super::{Client, Purpose};
use crate::{
    effect::Answer,
    input::CommandId,
    rooms::{Room, Thread},
};

/// Messages around what was looked at when its room was reset.
const AGAIN: u64 = 50;

/// A page on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// Who asked; nobody where the client did by itself.
    waiter: Option<CommandId>,
    pub(super) room_id: RoomId,
    pub(super) aim: Aim,
    /// What was known when it was asked for: where that was dropped since, it is asked for again.
    life: u64,
}

/// What a page is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Aim {
    /// The window goes on before its first message.
    Older,
    /// The window goes on after its last.
    Newer,
    /// The window becomes another one, by this jump.
    Around(Place, u64),
    /// A message that another one answers.
    Quoted(MessageId),
    /// A thread goes on before its first message that is loaded.
    Thread(MessageId),
    /// The first message of a thread.
    First(MessageId),
    /// The messages after the user's cursor, to count them (G-12).
    Count,
}

impl Client {
    pub(super) fn load_older(&mut self, id: CommandId, room_id: &RoomId, limit: u64) {
        let more = self.rooms.get(room_id).map(|room| room.history.has_older());
        self.load(id, room_id, Aim::Older, more, limit);
    }

    pub(super) fn load_newer(&mut self, id: CommandId, room_id: &RoomId, limit: u64) {
        let more = self.rooms.get(room_id).map(|room| room.history.has_newer());
        self.load(id, room_id, Aim::Newer, more, limit);
    }

    /// Jumps: at once to what is loaded, else once its page is here.
    pub(super) fn load_around(&mut self, id: CommandId, room_id: &RoomId, place: Place, limit: u64) {
        let Some(room) = self.rooms.get_mut(room_id) else { return self.no_room(id) };
        let place = match place {
            Place::Seq(seq) => Place::Seq(seq.clamp(Seq::new(1), room.history.head().max(Seq::new(1)))),
            Place::Message(id) => room.history.place_of(&id).map_or(Place::Message(id), Place::Seq),
        };
        if let Place::Seq(seq) = place
            && room.history.at(seq).is_some()
        {
            room.history.begin_jump();
            room.history.look_at(seq);
            let around = |by: u64| (seq.value().saturating_sub(by), seq.value().saturating_add(by));
            let (first, last) = around(limit.clamp(1, self.limits.page.max(1)) / 2);
            let near = |message: &&Arc<Message>| (first..=last).contains(&message.seq.value());
            let shown = room.history.timeline();
            let messages = shown.since(Seq::new(first)).take_while(near).map(|message| message.as_ref().clone());
            let has_more = room.history.has_older() || room.history.has_newer();
            let page = Messages { messages: messages.collect(), has_more, authors: Vec::new() };
            self.effects.room_changed(room_id);
            return self.effects.resolve(id, Ok(Answer::Reply(Box::new(Reply::GetMessages(page)))));
        }
        if !self.connection.is_hopeful() {
            return self.not_connected(id);
        }
        let jump = room.history.begin_jump();
        self.ask_page(Some(id), room_id, Aim::Around(place, jump), limit);
    }

    pub(super) fn jump_to_newest(&mut self, id: CommandId, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return self.no_room(id) };
        room.history.begin_jump();
        room.history.look_at_newest();
        self.effects.room_changed(room_id);
        self.done(id);
    }

    pub(super) fn look_up(&mut self, id: CommandId, room_id: &RoomId, message_id: MessageId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return self.no_room(id) };
        let known = room.history.place_of(&message_id).and_then(|seq| room.history.at(seq));
        let known = known.or_else(|| room.quoted().by_id().get(&message_id)).cloned();
        if let Some(message) = known {
            room.quote(Arc::clone(&message));
            self.effects.room_changed(room_id);
            let page = Messages { messages: vec![message.as_ref().clone()], has_more: false, authors: Vec::new() };
            return self.effects.resolve(id, Ok(Answer::Reply(Box::new(Reply::GetMessages(page)))));
        }
        self.load(id, room_id, Aim::Quoted(message_id), Some(true), 1);
    }

    pub(super) fn load_thread(&mut self, id: CommandId, room_id: &RoomId, thread_id: MessageId, limit: u64) {
        let Some(room) = self.rooms.get_mut(room_id) else { return self.no_room(id) };
        let is_new = room.thread(&thread_id).is_none();
        let thread = room.open_thread(&thread_id);
        let (more, headless) = (thread.has_older(), thread.first.is_none());
        self.effects.room_changed(room_id);
        if is_new && headless && self.connection.is_hopeful() {
            self.ask_page(None, room_id, Aim::First(thread_id.clone()), 1);
        }
        self.load(id, room_id, Aim::Thread(thread_id), Some(more), limit);
    }

    pub(super) fn close_thread(&mut self, id: CommandId, room_id: &RoomId, thread_id: &MessageId) {
        if let Some(room) = self.rooms.get_mut(room_id) {
            room.close_thread(thread_id);
            self.effects.room_changed(room_id);
        }
        self.done(id);
    }

    /// Where the user's cursor passed what is not here, the server's messages after it are counted (G-12).
    pub(super) fn count_unread(&mut self, room_id: &RoomId) {
        let vague = self.rooms.get(room_id).is_some_and(|room| room.uncounted().is_some());
        if vague && self.connection.live().is_some() && !self.is_loading(room_id, |aim| *aim == Aim::Count) {
            self.ask_page(None, room_id, Aim::Count, u64::MAX);
        }
    }

    /// A room was reset: what is looked at beside its newest messages is asked for anew.
    pub(super) fn ask_anew(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let jump = room.history.jump();
        let window = room.history.awaited().map(|seq| Aim::Around(Place::Seq(seq), jump));
        let threads: Vec<_> = room.threads().cloned().collect();
        for aim in
            window.into_iter().chain(threads.into_iter().flat_map(|id| [Aim::First(id.clone()), Aim::Thread(id)]))
        {
            self.ask_page(None, room_id, aim, AGAIN);
        }
    }

    /// Whether a page of this kind is on its way.
    pub(super) fn is_loading(&self, room_id: &RoomId, kind: impl Fn(&Aim) -> bool) -> bool {
        self.pages(room_id).any(|page| kind(&page.aim))
    }

    /// Lets a room remember changes for the pages that are on their way to it.
    pub(super) fn expect_pages(&mut self, room_id: &RoomId) {
        let pages = self.pages(room_id).count();
        if let Some(room) = self.rooms.get_mut(room_id) {
            room.history.expect(pages);
        }
    }

    pub(super) fn page_answered(&mut self, page: Page, command: Command, answer: Ack) {
        let Command::GetMessages(GetMessages { before, limit, .. }) = &command else { return };
        let (before, limit) = (*before, limit.unwrap_or(AGAIN));
        self.effects.room_changed(&page.room_id);
        let reply = match answer {
            Ok(Reply::GetMessages(reply)) => reply,
            Ok(_) => return self.page_refused(page, command, super::answer::unexpected()),
            Err(error) => return self.page_refused(page, command, error),
        };
        let Page { waiter, room_id, aim, life } = page;
        let current = self.rooms.get(&room_id).map(|room| room.history.life());
        if current.is_some_and(|current| current != life) {
            return self.ask_page(waiter, &room_id, aim, limit);
        }
        let Messages { messages, has_more, authors } = reply;
        messages.iter().for_each(|message| self.confirm_own(message));
        let me = self.me.as_ref().map(|me| &me.id);
        let messages = match self.rooms.get_mut(&room_id) {
            Some(room) => {
                let loaded = arrived(room, &aim, messages, before, has_more, me);
                loaded.iter().map(|message| message.as_ref().clone()).collect()
            }
            None => messages,
        };
        self.expect_pages(&room_id);
        let sought = match &aim {
            Aim::Quoted(id) | Aim::Around(Place::Message(id), _) => Some(id),
            _ => None,
        };
        let is_there = sought.is_none_or(|id| messages.iter().any(|message| message.id == *id));
        let Some(id) = waiter else { return };
        if is_there {
            let page = Messages { messages, has_more, authors };
            self.effects.resolve(id, Ok(Answer::Reply(Box::new(Reply::GetMessages(page)))));
        } else {
            self.fail(id, ErrorCode::NotFound, "unable to load; there is no such message in the room");
        }
    }

    /// The user is told; what the client wants by itself is asked for again where that may help.
    fn page_refused(&mut self, page: Page, command: Command, error: ErrorBody) {
        if let Some(id) = page.waiter {
            return self.effects.resolve(id, Err(error));
        }
        if error.code.retry() != Retry::Never && self.connection.live().is_some() {
            let pause_ms = self.pause_ms(&error, 1);
            return self.push_later(Purpose::Page(Box::new(page)), command, pause_ms);
        }
        if let (Aim::Around(..), Some(room)) = (page.aim, self.rooms.get_mut(&page.room_id))
            && room.history.awaited().is_some()
        {
            room.history.look_at_newest();
        }
    }

    fn load(&mut self, id: CommandId, room_id: &RoomId, aim: Aim, more: Option<bool>, limit: u64) {
        match more {
            None => self.no_room(id),
            Some(false) => {
                let nothing = Messages { messages: Vec::new(), has_more: false, authors: Vec::new() };
                self.effects.resolve(id, Ok(Answer::Reply(Box::new(Reply::GetMessages(nothing)))));
            }
            Some(true) if !self.connection.is_hopeful() => self.not_connected(id),
            Some(true) => self.ask_page(Some(id), room_id, aim, limit),
        }
    }

    fn ask_page(&mut self, waiter: Option<CommandId>, room_id: &RoomId, aim: Aim, limit: u64) {
        let limit = limit.clamp(1, self.limits.page.max(1));
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let mut query = GetMessages {
            room_id: room_id.clone(),
            before: None,
            after: None,
            around: None,
            thread_id: None,
            pinned: false,
            limit: Some(limit),
        };
        match &aim {
            Aim::Older => query.before = room.history.oldest_shown(),
            Aim::Newer => query.after = Some(room.history.newest_shown()),
            Aim::Around(place, _) => query.around = Some(place.clone()),
            Aim::Quoted(id) | Aim::First(id) => query.around = Some(Place::Message(id.clone())),
            Aim::Thread(id) => {
                query.before = room.thread(id).map(Thread::reach);
                query.thread_id = Some(id.clone());
            }
            Aim::Count => query.after = room.uncounted(),
        }
        if matches!(aim, Aim::Older | Aim::Newer) {
            room.history.widen(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let page = Page { waiter, room_id: room_id.clone(), aim, life: room.history.life() };
        self.effects.room_changed(room_id);
        self.push(Purpose::Page(Box::new(page)), Command::GetMessages(query));
    }

    fn pages(&self, room_id: &RoomId) -> impl Iterator<Item = &Page> {
        self.requests.iter().filter_map(move |request| match &request.purpose {
            Purpose::Page(page) if page.room_id == *room_id => Some(page.as_ref()),
            _ => None,
        })
    }

    fn no_room(&mut self, id: CommandId) {
        self.fail(id, ErrorCode::NotFound, "unable to load; the user is not in such a room");
    }

    fn not_connected(&mut self, id: CommandId) {
        self.fail(id, ErrorCode::Unavailable, "unable to load; the client is not connected");
    }
}

/// Puts what came where it belongs, and gives it back as it is now known.
fn arrived(
    room: &mut Room,
    aim: &Aim,
    messages: Vec<Message>,
    before: Option<Seq>,
    has_more: bool,
    me: Option<&roomcast_protocol::UserId>,
) -> Vec<Arc<Message>> {
    match aim {
        Aim::Older => room.load_older(messages, before, has_more, me),
        Aim::Newer => room.load(messages, me),
        Aim::Count => room.recount(messages, has_more, me),
        Aim::Around(place, jump) => {
            let loaded = room.load(messages, me);
            let target = match place {
                Place::Seq(seq) => {
                    loaded.iter().map(|message| message.seq).min_by_key(|near| near.value().abs_diff(seq.value()))
                }
                Place::Message(id) => loaded.iter().find(|message| message.id == *id).map(|message| message.seq),
            };
            match target {
                _ if room.history.jump() != *jump => {}
                Some(seq) => room.history.look_at(seq),
                None if room.history.awaited().is_some() => room.history.look_at_newest(),
                None => {}
            }
            loaded
        }
        Aim::Thread(id) => {
            room.load_thread(id, messages, before.unwrap_or_else(|| room.history.head().next()), has_more)
        }
        Aim::Quoted(id) | Aim::First(id) => {
            let found = messages.into_iter().find(|message| message.id == *id);
            let found = found.map(|message| room.history.latest(message));
            match (aim, &found) {
                (Aim::Quoted(_), Some(message)) => room.quote(Arc::clone(message)),
                (_, Some(message)) => room.load_first(id, message),
                (_, None) => {}
            }
            found.into_iter().collect()
        }
    }
}
