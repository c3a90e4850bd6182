//! What comes to the program, and what it wants done.

use std::{sync::Arc, time::Duration};

use ratatui::crossterm::event::Event;
use roomcast_client::{
    protocol::{ClientId, MessageId, RoomId, Seq, UserId, model::Availability},
    view::{ClientView, PendingMessage, RoomView},
};

/// The client at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) client: Arc<ClientView>,
    /// The open room; `None` where the user is not in it.
    pub(crate) room: Option<Arc<RoomView>>,
    /// What waits to be sent to the open room, where the user is not in it.
    pub(crate) waiting: Arc<[PendingMessage]>,
    /// Messages in all rooms that the server has not acknowledged.
    pub(crate) unsent: usize,
    /// How long until the next attempt to connect.
    pub(crate) retry_in: Option<Duration>,
}

/// Something happened.
#[derive(Debug)]
pub(crate) enum AppEvent {
    Terminal(Event),
    Seen(Snapshot),
    /// The user is in a room that they wanted to be in.
    Joined(RoomId),
    /// They cannot be.
    NotJoined(RoomId, String),
    /// A page of the past is here, or cannot be had.
    Older(RoomId, Result<(), String>),
    /// Something that was wanted is done.
    Done(String),
    /// It cannot be done.
    Failed(String),
    /// Lines to read.
    Listed(String, Vec<String>),
    /// Time has passed.
    Tick,
}

/// Something is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Enter a room; until it is known whether that can be.
    Join(RoomId),
    Create(RoomId),
    Leave(RoomId),
    Send {
        room: RoomId,
        text: String,
        mentions: Vec<UserId>,
    },
    Edit(RoomId, MessageId, String),
    Delete(RoomId, MessageId),
    Retry(ClientId),
    Discard(ClientId),
    Typing(RoomId),
    StopTyping(RoomId),
    Read(RoomId, Seq),
    LoadOlder(RoomId),
    LoadMembers(RoomId),
    ListRooms,
    Presence(Availability),
    Reconnect,
}
