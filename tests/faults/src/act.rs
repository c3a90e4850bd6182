//! What the people at the devices do.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use roomcast_client::{Client, Error, Room, view::RoomView};
use roomcast_protocol::{
    ClientId, ErrorCode, RoomId, UserId,
    command::{AddMembers, LeaveRoom, RemoveMember},
    model::{Message, Role, Visibility},
};
use roomcast_tests::Dice;
use tokio::task::JoinSet;

use crate::{
    book::{Book, Label, Outcome, Send},
    device::Device,
};

/// So many of a room's newest messages are changed and reacted to.
const RECENT: usize = 20;

/// Somebody at a device.
pub(crate) struct Actor {
    device: Arc<Device>,
    client: Client,
    dice: Dice,
}

impl Actor {
    pub(crate) const fn new(device: Arc<Device>, client: Client, dice: Dice) -> Self {
        Self { device, client, dice }
    }

    /// From 0 to 1.
    pub(crate) fn chance(&mut self) -> f64 {
        self.dice.below(1_000) as f64 / 1_000.0
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(usize::try_from(self.dice.below(all.len() as u64)).unwrap_or(usize::MAX))
    }

    /// Does something, if there is anything to be done. What takes time is left to the tasks.
    pub(crate) fn act(&mut self, tasks: &mut JoinSet<()>) {
        let rooms: Vec<RoomId> = self.client.view().rooms.iter().map(|room| room.id().clone()).collect();
        let Some(id) = self.one_of(&rooms).cloned() else { return };
        let room = self.client.room(id.as_str());
        let Some(view) = room.view() else { return };
        match self.dice.below(100) {
            0..58 => self.post(&room, &id, tasks),
            58..66 => self.edit(room, &view, tasks),
            66..69 => self.delete(room, &view, tasks),
            69..74 => self.react(room, &view, tasks),
            74..88 => {
                let up_to = view.room.seq;
                self.spawn(tasks, "read", async move { room.mark_read(up_to).await });
            }
            88..91 => self.spawn(tasks, "typing", async move { room.typing().await }),
            91..95 => self.come_or_go(&view, tasks),
            _ => self.govern(&view, tasks),
        }
    }

    fn post(&mut self, room: &Room, id: &RoomId, tasks: &mut JoinSet<()>) {
        let device = Arc::clone(&self.device);
        // Sometimes several at once.
        let burst = if self.dice.below(10) == 0 { 5 } else { 1 };
        for _ in 0..burst {
            let order = device.order.fetch_add(1, Ordering::Relaxed);
            let client_id = ClientId::parse(&format!("d{}-{order}", device.number)).expect("a good id");
            let words = "words ".repeat(usize::try_from(self.dice.below(12)).unwrap_or(0));
            let mut send = room.message(format!("{client_id} {words}.")).expect("a good room");
            send.client_id = Some(client_id.clone());
            {
                let mut pages = device.book.open();
                let label = if device.disturbed.load(Ordering::Relaxed) { Label::Street } else { pages.label };
                let (room, from) = (id.clone(), device.session().map(|session| session.node));
                let (device, outcome) = (device.number, Outcome::Open);
                let send = Send { device, order, room, outcome, posted: Instant::now(), label, from, moved: false };
                pages.sends.insert(client_id.clone(), send);
            }
            let Ok(pending) = room.post_message(send) else {
                device.book.open().sends.remove(&client_id);
                return;
            };
            let device = Arc::clone(&device);
            tasks.spawn(async move {
                let outcome = match pending.await {
                    Ok(message) => Outcome::Acked(message.seq),
                    Err(Error::Rejected(body)) => Outcome::Refused(body),
                    Err(_) => Outcome::Lost,
                };
                let session = device.session();
                let mut pages = device.book.open();
                if let Some(send) = pages.sends.get_mut(&client_id) {
                    send.outcome = outcome;
                    send.moved = session.is_none_or(|session| session.since > send.posted);
                }
            });
        }
    }

    fn recent(&mut self, view: &RoomView, fits: impl Fn(&Message) -> bool) -> Option<Arc<Message>> {
        let newest = view.timeline.iter().rev().take(RECENT);
        let fitting: Vec<Arc<Message>> =
            newest.filter(|message| message.deleted_at.is_none() && fits(message)).cloned().collect();
        self.one_of(&fitting).cloned()
    }

    fn edit(&mut self, room: Room, view: &RoomView, tasks: &mut JoinSet<()>) {
        let user = self.device.user.clone();
        let Some(message) = self.recent(view, |message| message.user_id == user) else { return };
        let Some(client_id) = message.client_id.clone() else { return };
        let (number, nonce) = (self.device.number, self.dice.roll());
        let text = format!("{client_id} edited {number} {nonce:x}");
        let edits = (number, text.clone());
        self.device.book.open().changes.entry(client_id.clone()).or_default().edits.push(edits);
        let book = Arc::clone(&self.device.book);
        self.spawn(tasks, "edit", async move {
            room.edit(message.id.clone(), text.clone()).await?;
            book.open().changes.entry(client_id).or_default().edited.insert(text);
            Ok(())
        });
    }

    fn delete(&mut self, room: Room, view: &RoomView, tasks: &mut JoinSet<()>) {
        let user = self.device.user.clone();
        let Some(message) = self.recent(view, |message| message.user_id == user) else { return };
        let Some(client_id) = message.client_id.clone() else { return };
        self.device.book.open().changes.entry(client_id.clone()).or_default().to_be_deleted = true;
        let book = Arc::clone(&self.device.book);
        self.spawn(tasks, "delete", async move {
            room.delete(message.id.clone()).await?;
            book.open().changes.entry(client_id).or_default().deleted = true;
            Ok(())
        });
    }

    fn react(&mut self, room: Room, view: &RoomView, tasks: &mut JoinSet<()>) {
        let Some(message) = self.recent(view, |_| true) else { return };
        let mine = message.reactions.iter().any(|reaction| reaction.mine);
        self.spawn(tasks, "react", async move {
            if mine {
                room.unreact(message.id.clone(), "👍").await
            } else {
                room.react(message.id.clone(), "👍").await
            }
        });
    }

    /// Leaves a public room, or enters one.
    fn come_or_go(&mut self, view: &RoomView, tasks: &mut JoinSet<()>) {
        let client = self.client.clone();
        let public = view.room.visibility == Visibility::Public;
        if public && view.role != Role::Owner && self.dice.below(2) == 0 {
            let room_id = view.room.id.clone();
            return self.spawn(tasks, "leave", async move { client.request(LeaveRoom { room_id }).await.map(drop) });
        }
        let device = Arc::clone(&self.device);
        let Some(room) = self.one_of(device.public()).cloned() else { return };
        self.spawn(tasks, "join", async move { client.join(room.as_str()).await.map(drop) });
    }

    /// Puts somebody out of an own room, or back in.
    fn govern(&mut self, view: &RoomView, tasks: &mut JoinSet<()>) {
        if view.role != Role::Owner {
            return;
        }
        let (client, room_id) = (self.client.clone(), view.room.id.clone());
        let members: Vec<UserId> = view.members.keys().filter(|user| **user != self.device.user).cloned().collect();
        let user = self.one_of(&members).cloned();
        if let Some(user_id) = user.filter(|_| self.dice.below(2) == 0) {
            let remove = RemoveMember { room_id, user_id };
            return self.spawn(tasks, "remove", async move { client.remove_member(remove).await });
        }
        // Not everybody whom it names was ever there.
        let user = self.dice.below(40);
        let user_ids = vec![UserId::parse(&format!("user-{user}")).expect("a good id")];
        self.spawn(tasks, "add", async move { client.add_members(AddMembers { room_id, user_ids }).await });
    }

    fn spawn(
        &self,
        tasks: &mut JoinSet<()>,
        what: &'static str,
        work: impl Future<Output = Result<(), Error>> + std::marker::Send + 'static,
    ) {
        let book = Arc::clone(&self.device.book);
        tasks.spawn(async move {
            let result = work.await;
            count(&book, what, &result);
        });
    }
}

fn count(book: &Book, what: &'static str, result: &Result<(), Error>) {
    let mut pages = book.open();
    match result {
        Ok(()) => pages.figures.count(what),
        Err(error) => {
            let code = error.code().map_or("closed", ErrorCode::as_str);
            *pages.figures.refusals.entry(format!("{what}: {code}")).or_default() += 1;
        }
    }
}
