import type { Chat } from "roomcast";
import { afterEach, expect, test, vi } from "vitest";

import { FakeServer, until } from "./server.js";

const chats: Chat[] = [];
afterEach(async () => {
  await Promise.all(chats.splice(0).map((chat) => chat.close()));
});

test("a core that panics is replaced, once told, and loses nothing", async () => {
  const server = new FakeServer();
  const chat = server.chat("alice");
  chats.push(chat);
  const faults: Error[] = [];
  chat.on("fault", ({ error }) => faults.push(error));
  const room = chat.room("general");
  room.open();
  await chat.connect();
  server.post("before");
  await until(() => room.getSnapshot().messages.length === 1);
  server.holding = [];
  const sent = room.send("in flight");
  await until(() => server.received.some(({ name }) => name === "send-message"));
  const asked = chat.publicRooms();
  asked.catch(() => undefined);

  // The core never panics by itself, so the way into it breaks once, as it would after a trap.
  const spy = vi.spyOn(TextEncoder.prototype, "encodeInto").mockImplementationOnce(() => {
    throw new WebAssembly.RuntimeError("unreachable");
  });
  server.holding = undefined;
  server.emit("user-typing", { roomId: "general", userId: "bob", username: "Bób" });

  await until(() => faults.length === 1);
  await expect(asked).rejects.toMatchObject({ code: "unavailable", retryable: true });
  expect((await sent).content).toBe("in flight");
  await until(() => chat.getSnapshot().connection.phase === "connected");
  await until(() => room.getSnapshot().messages.at(-1)?.status === "delivered");
  expect(server.messages.map((message) => message.content)).toEqual(["before", "in flight"]);
  expect(faults.length).toBe(1);
  expect(spy).toHaveBeenCalled();
});
