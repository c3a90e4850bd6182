"""Every fixed event of docs/protocol.md, through a stock python-socketio client.

    python run.py --url http://127.0.0.1:3000 --secret … --transport websocket|polling|upgrade
"""

import argparse
import base64
import hashlib
import hmac
import json
import threading
import time
import traceback

import socketio

SOON_S = 10
GRACE_S = 10
# The longest that a polling client is away before its server knows, at this test's pings.
SILENCE_S = 8
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": None}
MESSAGE = {"id", "roomId", "userId", "type", "content", "seq", "rev", "version", "createdAt"}
ROOM_STATE = {
    "id", "name", "visibility", "policy", "rev", "seq", "memberCount", "createdAt", "role", "readSeq", "unread",
    "mentions", "users", "typing", "receipts",
}


def token(secret, sub, **claims):
    """A token as an application's back end would make it: HS256, for an hour."""

    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    claims = {"sub": sub, "name": sub, "exp": int(time.time()) + 3600, **claims}
    head = ".".join(part(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{head}.{part(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())}"


class Refused(Exception):
    """What the server said to a connect that it did not take."""


class Peer:
    """A stock client, and a way to wait for what it hears."""

    def __init__(self, url, transport, auth):
        self.heard = []
        self.changed = threading.Condition()
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", self._hear)
        self.client.on("connect_error", lambda why: self._hear("connect_error", why))
        try:
            self.client.connect(url, auth=auth, transports=TRANSPORTS[transport], wait_timeout=SOON_S)
        except socketio.exceptions.ConnectionError:
            raise Refused(self.event("connect_error")) from None

    def _hear(self, name, *args):
        with self.changed:
            self.heard.append((name, args))
            self.changed.notify_all()

    def event(self, name, within_s=SOON_S):
        """Takes the oldest event of this name; it has one argument."""

        def found():
            return next((event for event in self.heard if event[0] == name), None)

        with self.changed:
            assert self.changed.wait_for(lambda: found() is not None, within_s), f"no {name}; heard {self.heard}"
            event = found()
            self.heard.remove(event)
        assert len(event[1]) == 1, f"{name} has one argument"
        return event[1][0]

    def ask(self, name, payload):
        return self.client.call(name, payload, timeout=SOON_S)

    def emit(self, name, payload):
        self.client.emit(name, payload)

    def disconnect(self):
        self.client.disconnect()


def equal(left, right):
    assert left == right, f"{left!r} is not {right!r}"


def shaped(value, required, optional=()):
    names = set(value)
    assert names >= set(required) and names <= set(required) | set(optional), f"fields {sorted(names)}: {value}"


def success(ack, *fields, optional=()):
    assert ack.get("success") is True, f"refused: {ack}"
    shaped(ack, {"success", *fields}, optional)


def refusal(ack, code):
    shaped(ack, {"success", "error"})
    assert ack["success"] is False, ack
    shaped(ack["error"], {"code", "message", "retryable", "requestId"}, {"retryAfterMs", "details"})
    equal(ack["error"]["code"], code)


class Scenario:
    """The steps run in the order in which they stand here."""

    def __init__(self, url, secret, transport):
        self.url, self.secret, self.transport = url, secret, transport
        self.room = f"python-{transport}"
        self.alice_id, self.bob_id = f"py-alice-{transport}", f"py-bob-{transport}"
        self.alice = self.bob = self.message = None

    def peer(self, sub):
        return Peer(self.url, self.transport, {"token": token(self.secret, sub)})

    def step_refused_connect(self):
        for auth in ({"token": "nonsense"}, {"token": token(self.secret, "x", exp=1)}, {}):
            try:
                Peer(self.url, self.transport, auth)
            except Refused as refused:
                equal(refused.args[0], {"message": "Authentication failed"})
            else:
                raise AssertionError(f"the server took {auth}")

    def step_connect_initial_state(self):
        self.alice, self.bob = self.peer(self.alice_id), self.peer(self.bob_id)
        state = self.alice.event("initial-state")
        shaped(state, {"epoch", "user", "rooms", "deltas", "presence", "limits", "serverTime"}, {"next"})
        equal(state["user"], {"id": self.alice_id, "name": self.alice_id})
        self.bob.event("initial-state")
        wanted = "polling" if self.transport == "polling" else "websocket"
        equal(self.alice.client.transport(), wanted)

    def step_join_room(self):
        made = self.alice.ask("create-room", {"roomId": self.room, "name": "Interop", "visibility": "public"})
        success(made, "room", optional={"rev"})
        ack = self.bob.ask("join-room", {"roomId": self.room})
        success(ack, "room", optional={"rev"})
        shaped(ack["room"], ROOM_STATE, {"topic", "lastMessage", "authors"})
        joined = self.alice.event("user-joined")
        user = {"id": self.bob_id, "name": self.bob_id}
        equal(joined, {"roomId": self.room, "user": user, "rev": ack["room"]["rev"]})

    def step_get_room_users(self):
        ack = self.alice.ask("get-room-users", {"roomId": self.room})
        success(ack, "users", optional={"next"})
        equal(sorted(user["userId"] for user in ack["users"]), [self.alice_id, self.bob_id])
        for user in ack["users"]:
            shaped(user, {"userId", "username", "role", "status"}, {"lastSeenAt"})

    def step_send_message(self):
        ack = self.alice.ask("send-message", {"roomId": self.room, "content": "hello 🙂", "type": "text"})
        success(ack, "message", "rev")
        self.message = ack["message"]
        shaped(self.message, MESSAGE)
        equal(self.message["content"], "hello 🙂")
        user = {"id": self.alice_id, "name": self.alice_id}
        equal(self.bob.event("new-message"), {"message": self.message, "user": user, "rev": ack["rev"]})

    def step_typing(self):
        self.alice.emit("typing-start", self.room)
        typing = {"roomId": self.room, "userId": self.alice_id, "username": self.alice_id}
        equal(self.bob.event("user-typing"), typing)
        self.alice.emit("typing-stop", self.room)
        equal(self.bob.event("user-stopped-typing"), {"roomId": self.room, "userId": self.alice_id})

    def step_mark_read(self):
        success(self.bob.ask("mark-read", [self.message["id"]]), optional={"rev"})
        read = {
            "userId": self.bob_id,
            "messageIds": [self.message["id"]],
            "roomId": self.room,
            "readSeq": self.message["seq"],
        }
        equal(self.alice.event("messages-read"), read)

    def step_edit_and_delete(self):
        edit = self.alice.ask("edit-message", {"messageId": self.message["id"], "content": "hello again"})
        success(edit, "message", "rev")
        equal(self.bob.event("message-edited"), {"message": edit["message"], "rev": edit["rev"]})
        delete = self.alice.ask("delete-message", {"messageId": self.message["id"]})
        success(delete, "message", "rev")
        equal(delete["message"]["content"], "")
        equal(self.bob.event("message-deleted"), {"message": delete["message"], "rev": delete["rev"]})

    def step_update_presence(self):
        success(self.bob.ask("update-presence", {"status": "away"}))
        equal(self.alice.event("presence-changed"), {"userId": self.bob_id, "status": "away"})
        success(self.bob.ask("update-presence", {"status": "online"}))

    def step_refusals(self):
        refusal(self.bob.ask("join-room", {"roomId": "nowhere"}), "not_found")
        refusal(self.bob.ask("send-message", {"roomId": self.room}), "bad_request")
        refusal(self.bob.ask("send-message", b"\x01\x02"), "bad_request")
        refusal(self.bob.ask("no-such-event", {}), "unsupported")

    def step_offline_and_online(self):
        # This client may close its socket before it has sent its goodbye: then the grace of a lost one applies. Between two
        # polls, its silence alone tells.
        self.bob.disconnect()
        offline = self.alice.event("user-offline", within_s=SILENCE_S + GRACE_S + SOON_S)
        shaped(offline, {"userId", "lastSeenAt"})
        equal(offline["userId"], self.bob_id)
        self.bob = self.peer(self.bob_id)
        equal(self.alice.event("user-online"), {"userId": self.bob_id})

    def step_leave_room(self):
        ack = self.bob.ask("leave-room", {"roomId": self.room})
        success(ack, "rev")
        left = {"roomId": self.room, "userId": self.bob_id, "rev": ack["rev"]}
        equal(self.alice.event("user-left"), left)

    def run(self):
        steps = [name for name in vars(Scenario) if name.startswith("step_")]
        failed = 0
        for name in steps:
            try:
                getattr(self, name)()
                print(f"ok - {name}")
            except Exception:
                failed += 1
                print(f"not ok - {name}\n{traceback.format_exc()}")
        for peer in (self.alice, self.bob):
            if peer:
                peer.disconnect()
        print(f"{len(steps) - failed} passed, {failed} failed (python-socketio over {self.transport})")
        return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--transport", choices=TRANSPORTS, required=True)
    arguments = parser.parse_args()
    raise SystemExit(1 if Scenario(arguments.url, arguments.secret, arguments.transport).run() else 0)
