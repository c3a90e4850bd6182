import { createChat, indexedDb, RoomcastError } from "roomcast";
import type { Chat, ChatMessage, protocol } from "roomcast";
import { useMessages } from "roomcast/react";

const chat: Chat = createChat({ url: "https://chat.example.org", token: async (reason) => reason, storage: indexedDb() });
const message: Promise<protocol.Message> = Promise.resolve(chat.room("general").send({ content: "hi" }));
const list: readonly ChatMessage[] = useMessages("general").messages.toArray();
const found: Promise<protocol.Found> = chat.request("search-messages", { query: "hi" });
// @ts-expect-error a command that does not exist
void chat.request("no-such-command", {});
// @ts-expect-error a payload that lacks its field
void chat.request("join-room", {});
if (list[0]?.error instanceof RoomcastError && list[0].error.code === "forbidden") void [message, found];
