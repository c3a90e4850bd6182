import { createChat } from "roomcast";
import { useMessages } from "roomcast/react";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
const chat = createChat({ url, token, WebSocket });
await chat.connect();
await chat.room("general").join();
const message = await chat.room("general").send("hello");
await chat.close();
if (typeof useMessages !== "function") throw new Error("the hooks are missing");
console.log(`ok ${message.content}`);
