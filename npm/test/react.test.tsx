// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode, useState } from "react";
import { renderToString } from "react-dom/server";
import type { Chat } from "roomcast";
import { ChatProvider, RoomProvider, useConnection, useMessages, useOutbox, useReceipts, useRoom, useRooms, useTyping, useUnread } from "roomcast/react";
import { afterEach, expect, test } from "vitest";

import { FakeServer, until } from "./server.js";

const chats: Chat[] = [];
afterEach(async () => {
  cleanup();
  await Promise.all(chats.splice(0).map((chat) => chat.close()));
});

function made(server = new FakeServer()): { server: FakeServer; chat: Chat } {
  const chat = server.chat("alice");
  chats.push(chat);
  return { server, chat };
}

function Conversation() {
  const { messages, send } = useMessages();
  return (
    <div>
      <ul>{messages.map((message) => <li key={message.key}>{message.content} ({message.status})</li>)}</ul>
      <button onClick={() => void send("hello")}>send</button>
    </div>
  );
}

const shows = (text: string): Promise<void> => act(() => until(() => screen.queryByText(text) !== null));

test("a conversation is shown, sent to and heard, in StrictMode, over one connection", async () => {
  const { server, chat } = made();
  let connections = 0;
  const add = server.sockets.add.bind(server.sockets);
  server.sockets.add = (socket) => (connections++, add(socket));
  render(
    <StrictMode>
      <ChatProvider chat={chat}>
        <RoomProvider id="general">
          <Conversation />
        </RoomProvider>
      </ChatProvider>
    </StrictMode>,
  );
  await act(() => until(() => chat.room("general").getSnapshot().membership === "member"));
  act(() => screen.getByText("send").click());
  expect(screen.getByText("hello (pending)")).toBeTruthy();
  await shows("hello (delivered)");
  act(() => void server.post("hi back"));
  await shows("hi back (delivered)");
  expect(connections).toBe(1);
});

test("a hook renders only when what it gives has changed", async () => {
  const { server, chat } = made();
  const renders = { rooms: 0, typing: 0, messages: 0 };
  const Rooms = () => (renders.rooms++, useRooms(), null);
  const Typing = () => (renders.typing++, useTyping("general"), null);
  const Messages = () => (renders.messages++, useMessages("general"), null);
  render(
    <ChatProvider chat={chat}>
      <RoomProvider id="general">
        <Rooms />
        <Typing />
        <Messages />
      </RoomProvider>
    </ChatProvider>,
  );
  await act(() => until(() => chat.room("general").getSnapshot().membership === "member"));
  const before = { ...renders };
  act(() => server.emit("user-typing", { roomId: "general", userId: "bob", username: "bob" }));
  await act(() => until(() => chat.room("general").getSnapshot().typing.length === 1));
  expect(renders.typing).toBe(before.typing + 1);
  expect(renders.messages).toBe(before.messages);
});

test("every hook gives what its room and chat show", async () => {
  const { server, chat } = made();
  server.message("bob", "old");
  let seen: Record<string, unknown> = {};
  const All = () => {
    const { phase } = useConnection();
    const { membership, handle } = useRoom();
    const { unread } = useUnread();
    const { pending, failed, durable } = useOutbox();
    const { readBy } = useReceipts();
    const { messages, hasMore } = useMessages();
    const last = messages.at(-1);
    seen = { phase, membership, id: handle.id, unread, pending: pending.length, failed: failed.length, durable, hasMore };
    return last ? <p>{readBy(last)}</p> : null;
  };
  render(
    <ChatProvider chat={chat}>
      <RoomProvider id="general">
        <All />
      </RoomProvider>
    </ChatProvider>,
  );
  await act(() => until(() => chat.room("general").getSnapshot().messages.length === 1));
  await act(() => until(() => chat.getSnapshot().connection.phase === "connected"));
  expect(seen).toMatchObject({ phase: "connected", membership: "member", id: "general", pending: 0, durable: false });
  await act(async () => void (await chat.room("general").send("bad").then(undefined, () => undefined)));
  await act(() => until(() => seen.failed === 1));
});

test("100 mounts and unmounts leave no listener", async () => {
  const { chat } = made();
  await chat.connect();
  const counts = count(chat);
  for (let n = 0; n < 100; n++) {
    const { unmount } = render(
      <StrictMode>
        <ChatProvider chat={chat}>
          <RoomProvider id="general">
            <Conversation />
          </RoomProvider>
        </ChatProvider>
      </StrictMode>,
    );
    unmount();
  }
  expect(counts()).toEqual({ chat: 0, room: 0 });
});

/** Counts subscriptions that were not ended. */
function count(chat: Chat): () => { chat: number; room: number } {
  const counts = { chat: 0, room: 0 };
  const wrap = (target: { subscribe: Chat["subscribe"] }, key: "chat" | "room"): void => {
    const { subscribe } = target;
    target.subscribe = (listener) => {
      const stop = subscribe.call(target, listener);
      counts[key]++;
      return () => {
        counts[key]--;
        stop();
      };
    };
  };
  wrap(chat, "chat");
  wrap(chat.room("general"), "room");
  return () => ({ ...counts });
}

test("a server renders what it was given, and connects to nothing", async () => {
  const { server, chat } = made();
  server.message("bob", "from the past");
  chat.room("general").open();
  await chat.connect();
  await until(() => chat.room("general").getSnapshot().messages.length === 1);
  const elsewhere = new FakeServer();
  const rendering = elsewhere.chat("alice", { snapshot: chat.dehydrate(["general"]) });
  chats.push(rendering);
  const html = renderToString(
    <ChatProvider chat={rendering}>
      <RoomProvider id="general">
        <Conversation />
      </RoomProvider>
    </ChatProvider>,
  );
  expect(html).toContain("from the past");
  expect(elsewhere.sockets.size).toBe(0);
  expect(rendering.getSnapshot().connection.phase).toBe("idle");
});

test("switching rooms shows the other room", async () => {
  const { chat } = made(new FakeServer(["general", "other"]));
  let go: (id: string) => void = () => undefined;
  const Where = () => <p>in {useRoom().id}: {useRoom().membership}</p>;
  const App = () => {
    const [id, setId] = useState("general");
    go = setId;
    return (
      <ChatProvider chat={chat}>
        <RoomProvider id={id}>
          <Where />
        </RoomProvider>
      </ChatProvider>
    );
  };
  render(<App />);
  await shows("in general: member");
  act(() => go("other"));
  await shows("in other: member");
});
