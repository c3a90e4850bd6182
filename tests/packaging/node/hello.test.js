import { createChat } from "roomcast";
import { expect, test } from "vitest";
import WebSocket from "ws";

test("hello", async () => {
  const chat = createChat({ url: process.env.CHAT_URL, token: process.env.CHAT_TOKEN, WebSocket });
  await chat.connect();
  await chat.room("general").join();
  expect((await chat.room("general").send("hello")).content).toBe("hello");
  await chat.close();
});
