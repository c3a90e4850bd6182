//! The one door for news: what this node's writer made durable and what other nodes tell go the same way, through the
//! order of their room, to those who are here. Local members first, then the bus (G-6), for which nobody waits.

use roomcast_protocol::{RoomId, UserId, command::MarkRead};

use super::{Inner, arriving::Arriving};
use crate::{
    domain::{Act, Audience, Change, News, Unit},
    hub::{Dropped, Frame, Heard, NodeId, Offer, Topic, Verdict},
    metrics::KindLabel,
    planted::{self, Bug},
    store::Committed,
};

impl Inner {
    /// Tells what became durable here, in commit order.
    pub(super) fn tell(&self, Committed { change, decision }: Committed) {
        for unit in Unit::of(decision.news) {
            self.count_messages(&unit);
            let abroad = (!self.alone).then(|| unit.clone());
            self.take(Offer { unit, author: change.author.conn });
            if let Some(unit) = abroad {
                self.tell_abroad(unit);
            }
        }
    }

    fn count_messages(&self, unit: &Unit) {
        let new = |news: &&News| matches!(news, News::Room { event: roomcast_protocol::Event::NewMessage(_), .. });
        self.metrics.messages.inc_by(unit.news.iter().filter(new).count() as u64);
    }

    /// Tells the other nodes.
    fn tell_abroad(&self, unit: Unit) {
        let now = self.env.mono_ms();
        let Some((_, last)) = unit.revs else {
            unit.news.into_iter().for_each(|news| self.tell_cursor(news));
            return;
        };
        let members: Vec<_> = unit.news.iter().filter_map(membership).collect();
        self.watch().recent.told(&unit.room, last, now);
        let topic = Topic::Room(unit.room.clone());
        self.spread(&topic, &Frame::News(unit));
        for (user, room, rev) in members {
            self.watch().recent.hinted(&user, &room, Some(rev), now);
            self.spread(&Topic::User(user), &Frame::Member { room, rev: Some(rev) });
        }
    }

    /// Tells the other nodes of a moved cursor; one that cannot be told now is told when the bus is back.
    pub(super) fn tell_cursor(&self, news: News) {
        let News::Room { room, audience, event, .. } = &news else { return };
        let roomcast_protocol::Event::MessagesRead(read) = event else { return };
        let key = (room.clone(), read.user_id.clone());
        let (topic, number, before) = match audience {
            Audience::Room => {
                let (number, before) = self.watch().recent.number_cursor(room, self.env.mono_ms());
                (Topic::Room(room.clone()), number, before)
            }
            Audience::User(user) => (Topic::User(user.clone()), 0, None),
        };
        let frame = Frame::Cursor { news, number, before };
        if !self.spread(&topic, &frame)
            && let Frame::Cursor { news, .. } = frame
        {
            self.watch().keep_cursor(key, news);
        }
    }

    /// A transaction ended without an answer: the users whose memberships it may have changed are looked after,
    /// wherever they are.
    pub(super) fn doubt(&self, changes: &[Change]) {
        let now = self.env.mono_ms();
        for (room, users) in changes.iter().filter_map(touched) {
            for user in users {
                self.watch().recent.hinted(&user, &room, None, now);
                self.spread(&Topic::User(user), &Frame::Member { room: room.clone(), rev: None });
            }
        }
        self.retell_marks(changes.iter().flat_map(|change| self.marked(change)));
    }

    /// Whose cursors in which rooms a change may move.
    fn marked(&self, change: &Change) -> Vec<(RoomId, UserId)> {
        let user = &change.author.user.id;
        match &change.act {
            Act::Read(MarkRead::UpTo(mark)) => vec![(mark.room_id.clone(), user.clone())],
            Act::Read(MarkRead::Messages(_)) => {
                self.known(user).into_iter().map(|(room, _)| (room, user.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Says something to other nodes. False where it was dropped.
    pub(super) fn spread(&self, topic: &Topic, frame: &Frame) -> bool {
        if self.alone {
            return true;
        }
        let sent = self.bus.publish(topic, frame.encode(&self.epoch));
        let counter = if sent { &self.metrics.nodes.said } else { &self.metrics.nodes.unsaid };
        counter.get_or_create(&KindLabel { kind: frame.kind() }).inc();
        sent
    }

    /// Takes what comes from the bus.
    pub(super) fn hear(&self, heard: Heard) {
        match heard {
            Heard::Up => self.bus_is_up(),
            Heard::Down => self.bus_is_down(),
            Heard::Subscribed(topic) => self.subscribed(topic),
            Heard::Frame { from, .. } if from == self.node => {}
            Heard::Frame { from, topic, payload } => match Frame::decode(&payload, &self.epoch) {
                Ok(frame) => {
                    self.metrics.nodes.heard.get_or_create(&KindLabel { kind: frame.kind() }).inc();
                    self.hear_frame(&from, topic, frame);
                }
                Err(dropped) => {
                    let kind = match dropped {
                        Dropped::Version => "(another version)",
                        Dropped::Epoch => "(another epoch)",
                        Dropped::Malformed => "(malformed)",
                    };
                    self.metrics.nodes.heard.get_or_create(&KindLabel { kind }).inc();
                }
            },
        }
    }

    fn hear_frame(&self, from: &NodeId, topic: Topic, frame: Frame) {
        self.roster().neighbours.heard(from, self.env.mono_ms());
        match (frame, topic) {
            (Frame::News(unit), Topic::Room(room)) if unit.room == room => self.take(Offer { unit, author: None }),
            (Frame::Cursor { news, number, before }, topic) => self.hear_cursor(from, &topic, news, number, before),
            (Frame::Heads { rev, cursor }, Topic::Room(room)) => {
                if let Some(number) = cursor {
                    self.count_cursor(from, &room, number, Some(number));
                }
                self.hear_heads(rev.into_iter().map(|rev| (&room, rev)));
            }
            (Frame::Member { room, rev }, Topic::User(user)) => self.hear_member(user, &room, rev),
            (Frame::Typing { user, name }, Topic::Room(room)) => self.hear_typing(room, user, name),
            (Frame::Revoked, Topic::User(_)) => self.hear_revoked(),
            (Frame::Alive { number }, _) => self.hear_alive(from, number),
            (Frame::Seen { number, users }, _) => self.hear_seen(from, number, users),
            (Frame::Ask, _) => self.give_account(from),
            (Frame::Account(account), _) => self.hear_account(from, account),
            (Frame::Chosen { user, choice }, _) => self.hear_chosen(&user, choice),
            _ => tracing::debug!(%from, "heard a frame where it does not belong"),
        }
    }

    fn hear_cursor(&self, from: &NodeId, topic: &Topic, news: News, number: u64, before: Option<u64>) {
        let room = news.room().clone();
        if news.rev().is_some() {
            return;
        }
        if matches!(topic, Topic::Room(_)) {
            self.count_cursor(from, &room, number, before);
        }
        self.take(Offer { unit: Unit { room, revs: None, news: vec![news] }, author: None });
    }

    /// Takes note of a cursor's number, and has the room's cursors read where one before it was missed.
    fn count_cursor(&self, from: &NodeId, room: &RoomId, number: u64, before: Option<u64>) {
        let mut roster = self.roster();
        let Some(local) = roster.rooms.get_mut(room) else { return };
        let known = local.cursors.get(from).copied();
        if before.is_some_and(|before| known.is_none_or(|known| known < before)) {
            // What was missed was stored when the room had come so far at least.
            local.sequencer.doubt_cursors(local.earlier[1]);
        }
        local.cursors.insert(from.clone(), known.map_or(number, |known| known.max(number)));
        drop(roster);
        self.mind(room);
    }

    /// Puts news into the order of its room.
    pub(super) fn take(&self, offer: Offer) {
        let mut arriving = self.arriving();
        let now = self.env.mono_ms();
        let room = offer.unit.room.clone();
        let verdict = match self.roster().rooms.get_mut(&room) {
            Some(_) if planted::has(Bug::DuplicatesTold) => Verdict::Through(offer),
            Some(local) => local.sequencer.take(local.tail.head(), now, offer),
            // Nobody is here who could miss what is before it.
            None => Verdict::Through(offer),
        };
        self.judge(&mut arriving, verdict);
        self.release(&mut arriving, &room);
    }

    /// Tells what waited and is next now.
    pub(super) fn release(&self, arriving: &mut Arriving, room: &RoomId) {
        loop {
            let now = self.env.mono_ms();
            let verdict = {
                let mut roster = self.roster();
                let Some(local) = roster.rooms.get_mut(room) else { return };
                local.sequencer.release(local.tail.head(), now)
            };
            match verdict {
                Some(verdict) => self.judge(arriving, verdict),
                None => break,
            }
        }
        self.mind(room);
    }

    fn judge(&self, arriving: &mut Arriving, verdict: Verdict) {
        match verdict {
            Verdict::Through(Offer { unit, author }) => {
                for news in unit.news {
                    self.publish(arriving, author, news);
                }
                self.tell_present();
                if let Some((_, last)) = unit.revs
                    && let Some(local) = self.roster().rooms.get_mut(&unit.room)
                {
                    local.tail.reach(last);
                }
            }
            Verdict::Stale(Offer { unit, .. }) => {
                for news in unit.news {
                    self.restate(arriving, news);
                }
            }
            Verdict::Waits => {}
        }
    }
}

/// Whose membership of which room changed, and by which change.
fn membership(news: &News) -> Option<(UserId, RoomId, roomcast_protocol::Rev)> {
    match news {
        News::Entered { room, user, rev, .. } | News::Removed { room, user, rev, .. } => {
            Some((user.clone(), room.clone(), *rev))
        }
        News::Room { .. } | News::Deleted { .. } => None,
    }
}

/// Whose memberships of which room a change may touch.
fn touched(change: &Change) -> Option<(RoomId, Vec<UserId>)> {
    let author = || change.author.user.id.clone();
    match &change.act {
        Act::Join(room) | Act::Leave(room) => Some((room.clone(), vec![author()])),
        Act::AddMembers(add) => Some((add.room_id.clone(), add.user_ids.clone())),
        Act::RemoveMember(remove) => Some((remove.room_id.clone(), vec![remove.user_id.clone()])),
        Act::Ban(sanction) => Some((sanction.room_id.clone(), vec![sanction.user_id.clone()])),
        Act::CreateRoom(create) => {
            let room = create.room_id.clone().or_else(|| RoomId::parse(&change.fresh_id).ok())?;
            Some((room, std::iter::once(author()).chain(create.members.iter().cloned()).collect()))
        }
        _ => None,
    }
}
