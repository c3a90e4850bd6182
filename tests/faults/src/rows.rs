//! What is in the database, and how it came there: read past the server, and after everything has healed.

use std::collections::BTreeMap;

use roomcast_protocol::{ClientId, Rev, RoomId, Seq, UserId, model::Message};
use serde::{Deserialize, de::DeserializeOwned};

use crate::house::House;

/// Written by triggers of the tests' own, in the transactions of the server.
pub const TRIGGERS: &str = "
CREATE TABLE stays (id BIGSERIAL, room_id TEXT, user_id TEXT, rev BIGINT, inside BOOLEAN, at_us BIGINT);
CREATE TABLE breaches (what TEXT);
CREATE FUNCTION note_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (OLD.left_at IS NULL) <> (NEW.left_at IS NULL) OR OLD.entered_rev <> NEW.entered_rev THEN
        INSERT INTO stays (room_id, user_id, rev, inside, at_us) VALUES (NEW.room_id, NEW.user_id, NEW.rev,
            NEW.left_at IS NULL, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.read_seq < OLD.read_seq THEN
        INSERT INTO breaches VALUES (format('the cursor of %s in %s went from %s to %s', NEW.user_id, NEW.room_id,
            OLD.read_seq, NEW.read_seq));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_member AFTER INSERT OR UPDATE ON members FOR EACH ROW EXECUTE FUNCTION note_member();
CREATE FUNCTION note_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.rev < OLD.rev OR NEW.seq < OLD.seq THEN
        INSERT INTO breaches VALUES (format('room %s went from %s/%s to %s/%s', NEW.id, OLD.rev, OLD.seq, NEW.rev, NEW.seq));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_room AFTER UPDATE ON rooms FOR EACH ROW EXECUTE FUNCTION note_room();
CREATE FUNCTION note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.rev < OLD.rev OR NEW.id <> OLD.id OR NEW.client_id IS DISTINCT FROM OLD.client_id THEN
        INSERT INTO breaches VALUES (format('message %s went from %s to %s', OLD.id, OLD.rev, NEW.rev));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_message AFTER UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION note_message();
";

/// The database.
#[derive(Debug)]
pub struct Rows {
    /// Messages by room, in the order of their places.
    pub messages: BTreeMap<RoomId, Vec<Stored>>,
    /// Where rooms stand.
    pub heads: BTreeMap<RoomId, Head>,
    /// Memberships, as they were changed.
    pub stays: BTreeMap<(RoomId, UserId), Vec<Turn>>,
    /// What no row should ever have done.
    pub breaches: Vec<String>,
}

/// A message with what the row says of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Stored {
    /// Its place, by the row.
    pub seq: Seq,
    /// Its newest change, by the row.
    pub rev: Rev,
    /// Its id at the client, by the row.
    pub client_id: Option<ClientId>,
    /// The message.
    pub body: Message,
}

/// Where a room stands.
#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    /// Which.
    pub id: RoomId,
    /// Its newest change.
    pub rev: Rev,
    /// Its newest message.
    pub seq: Seq,
    /// The newest change that its memberships show.
    pub members_rev: Option<Rev>,
    /// How many are in it, by its row.
    pub member_count: u64,
}

/// Somebody came in or went out.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Turn {
    /// By which change.
    pub rev: Rev,
    /// Whether they are in the room from there on.
    pub inside: bool,
    /// When that was written, in microseconds since 1970; it was committed later.
    pub at_us: u64,
}

#[derive(Deserialize)]
struct Stay {
    room_id: RoomId,
    user_id: UserId,
    #[serde(flatten)]
    turn: Turn,
}

impl Rows {
    /// Reads everything.
    ///
    /// # Panics
    /// If the database does not answer, or holds what no server wrote.
    #[must_use]
    pub fn read(house: &House) -> Self {
        let stored: Vec<Stored> = rows(
            house,
            "SELECT json_build_object('seq', seq, 'rev', rev, 'client_id', client_id, 'body', body::json)
             FROM messages ORDER BY room_id, seq",
        );
        let mut messages: BTreeMap<RoomId, Vec<Stored>> = BTreeMap::new();
        for message in stored {
            messages.entry(message.body.room_id.clone()).or_default().push(message);
        }
        let heads: Vec<Head> = rows(
            house,
            "SELECT json_build_object('id', id, 'rev', rev, 'seq', seq, 'member_count', member_count,
                'members_rev', (SELECT max(rev) FROM members WHERE room_id = rooms.id)) FROM rooms",
        );
        let turns: Vec<Stay> = rows(
            house,
            "SELECT json_build_object('room_id', room_id, 'user_id', user_id, 'rev', rev, 'inside', inside,
                'at_us', at_us) FROM stays ORDER BY id",
        );
        let mut stays: BTreeMap<(RoomId, UserId), Vec<Turn>> = BTreeMap::new();
        for stay in turns {
            stays.entry((stay.room_id, stay.user_id)).or_default().push(stay.turn);
        }
        let breaches = house.sql("SELECT what FROM breaches").lines().map(str::to_owned).collect();
        Self { messages, heads: heads.into_iter().map(|head| (head.id.clone(), head)).collect(), stays, breaches }
    }

    /// The rooms that somebody is in.
    pub fn rooms_of<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = &'a RoomId> {
        let inside = |turns: &[Turn]| turns.last().is_some_and(|turn| turn.inside);
        self.stays.iter().filter(move |((_, who), turns)| who == user && inside(turns)).map(|((room, _), _)| room)
    }

    /// Whether somebody may have been told of a change at a moment: they had come in by then, for a stay that did not
    /// end before it.
    #[must_use]
    pub fn may_hear(&self, room: &RoomId, user: &UserId, rev: Rev, at_us: u64) -> bool {
        let Some(turns) = self.stays.get(&(room.clone(), user.clone())) else { return false };
        let mut begun = None;
        for turn in turns {
            match (turn.inside, begun) {
                (true, _) => begun = begun.or(Some(turn.at_us)),
                (false, Some(since)) if turn.rev > rev && since <= at_us => return true,
                (false, _) => begun = None,
            }
        }
        begun.is_some_and(|since| since <= at_us)
    }
}

fn rows<T: DeserializeOwned>(house: &House, statement: &str) -> Vec<T> {
    let text = house.sql(statement);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}
