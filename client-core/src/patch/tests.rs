//! A screen that knows patches only. Every test of the client has one beside it, and after each input it must show
//! what a view taken whole shows.

use roomcast_protocol::{MessageId, RoomId, collections::BTreeMap, json::small};
use serde_json::{Map, Value, json};

use super::*;
use crate::{Client, Key};

/// What patches have made.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    patches: Patches,
    client: Value,
    rooms: BTreeMap<RoomId, Value>,
    threads: BTreeMap<(RoomId, MessageId), Value>,
}

impl Screen {
    /// Takes what changed, and compares with the whole. Rooms are watched as they come.
    pub(crate) fn check(&mut self, core: &mut Client, changed: &[Key]) {
        for key in changed {
            if let Key::Room(room_id) = key
                && !self.rooms.contains_key(room_id)
            {
                self.patches.watch(room_id.clone());
                self.rooms.insert(room_id.clone(), Value::Null);
            }
            self.patches.changed(key);
        }
        let patch = self.patches.take(core);
        let written = serde_json::to_string(&patch).unwrap();
        assert_eq!(small::to_string(&patch).as_ref(), Ok(&written));
        let patch: Value = serde_json::from_str(&written).unwrap();
        if let Some(client) = patch.get("client") {
            apply_client(&mut self.client, client);
        }
        for (room_id, room) in patch["rooms"].as_object().into_iter().flatten() {
            apply_room(self.rooms.get_mut(&**room_id).expect("only what is watched is told"), room);
        }
        for (room_id, threads) in patch.get("threads").and_then(Value::as_object).into_iter().flatten() {
            for (thread_id, thread) in threads.as_object().unwrap() {
                let key = (RoomId::parse(room_id).unwrap(), MessageId::parse(thread_id).unwrap());
                if thread["open"] == false {
                    self.threads.remove(&key).expect("only what was open is closed");
                } else {
                    apply_room(self.threads.entry(key).or_default(), thread);
                }
            }
        }
        let whole = client(None, &core.view());
        assert_eq!(self.client, fresh(&whole, apply_client), "the client");
        for (room_id, shown) in &self.rooms {
            let whole = match core.room(room_id) {
                Some(view) => room(None, &view),
                None => Some(RoomPatch::absent(core.pending(room_id).into())),
            };
            assert_eq!(shown, &fresh(&whole, apply_room), "room {room_id}");
        }
        for ((room_id, thread_id), shown) in &self.threads {
            let whole = core.thread(room_id, thread_id).map(|view| thread(None, &view));
            assert_eq!(Some(shown), whole.map(|whole| fresh(&whole, apply_room)).as_ref(), "thread {thread_id}");
        }
    }
}

fn fresh(patch: &impl Serialize, apply: fn(&mut Value, &Value)) -> Value {
    let mut shown = Value::Null;
    apply(&mut shown, &serde_json::to_value(patch).unwrap());
    shown
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut().unwrap()
}

fn apply_client(shown: &mut Value, patch: &Value) {
    if patch["order"]["drop"] == WHOLE {
        *shown = Value::Null;
    }
    let shown = object(shown);
    for (field, news) in patch.as_object().unwrap() {
        match &**field {
            "people" => put(shown, field, news, |user| user["id"].clone()),
            "summaries" => put(shown, field, news, |summary| summary["room"]["id"].clone()),
            "order" => {
                let order = shown.entry("order").or_insert(json!([])).as_array_mut().unwrap();
                let at = usize::try_from(news["at"].as_u64().unwrap()).unwrap();
                let drop = usize::try_from(news["drop"].as_u64().unwrap()).unwrap().min(order.len());
                order.splice(at..at + drop, news["put"].as_array().unwrap().iter().cloned());
            }
            _ => drop(shown.insert(field.clone(), news.clone())),
        }
    }
    // A list forgets the lines of rooms that are not in it.
    let order = shown.get("order").cloned().unwrap_or_default();
    if let Some(Value::Object(lines)) = shown.get_mut("summaries") {
        lines.retain(|_, line| order.as_array().unwrap().contains(&line["room"]["id"]));
        if lines.is_empty() {
            shown.remove("summaries");
        }
    }
}

fn apply_room(shown: &mut Value, patch: &Value) {
    if patch.get("member").or_else(|| patch.get("open")).is_some() {
        *shown = Value::Null;
    }
    let shown = object(shown);
    for (field, news) in patch.as_object().unwrap() {
        match &**field {
            "members" => put_entries(shown, field, news, |user| user["userId"].clone()),
            "receipts" => put_entries(shown, field, news, |cursor| cursor[0].clone()),
            "timeline" => {
                put(shown, field, &news["put"], |message| json!(format!("{:09}", message["seq"].as_u64().unwrap())));
                let (start, end) = (news["start"].as_u64().unwrap(), news["end"].as_u64().unwrap());
                let messages = object(shown.get_mut("timeline").unwrap());
                messages.retain(|_, message| (start..=end).contains(&message["seq"].as_u64().unwrap()));
                let (count, places) = (messages.len() as u64, if end == 0 { 0 } else { end - start + 1 });
                // A thread's places are not dense.
                assert!(count == places || shown.contains_key("open"), "a place in the timeline has no message");
            }
            _ => drop(shown.insert(field.clone(), news.clone())),
        }
    }
}

fn put_entries(shown: &mut Map<String, Value>, field: &str, news: &Value, key: fn(&Value) -> Value) {
    put(shown, field, &news["put"], key);
    for gone in news["gone"].as_array().into_iter().flatten() {
        let known = object(shown.get_mut(field).unwrap()).remove(gone.as_str().unwrap());
        assert!(known.is_some(), "{gone} goes and was not there");
    }
}

fn put(shown: &mut Map<String, Value>, field: &str, news: &Value, key: fn(&Value) -> Value) {
    let entries = object(shown.entry(field).or_insert(Value::Null));
    for entry in news.as_array().unwrap() {
        entries.insert(key(entry).as_str().unwrap().to_owned(), entry.clone());
    }
}

#[test]
fn a_room_that_moves_to_the_front_names_only_what_it_passed() {
    let before = ["a", "b", "c", "d"].map(summary);
    let moved: Vec<_> = [2, 0, 1, 3].into_iter().map(|place| Arc::clone(&before[place])).collect();
    let (order, lines) = lines(&before, &moved);
    let put = moved[..3].iter().map(|summary| summary.id().clone()).collect();
    assert_eq!(order, Some(Splice { at: 0, drop: 3, put }));
    assert!(lines.is_empty());
}

fn summary(id: &str) -> Arc<RoomSummary> {
    let room = json!({
        "id": id, "name": id, "visibility": "public", "policy": {}, "rev": 1, "seq": 0, "memberCount": 1, "createdAt": 1
    });
    let room = serde_json::from_value(room).unwrap();
    let (unread, mentions, online) = (0, 0, 1);
    Arc::new(RoomSummary { room: Arc::new(room), unread, mentions, last_message: None, online, typing: Arc::from([]) })
}
