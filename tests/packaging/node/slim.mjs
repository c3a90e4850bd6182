import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { createChat, init } from "roomcast/slim";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
await init(readFile(createRequire(import.meta.url).resolve("roomcast/core.wasm")));
const chat = createChat({ url, token, WebSocket });
await chat.connect();
await chat.room("general").join();
const message = await chat.room("general").send("hello");
await chat.close();
console.log(`ok ${message.content}`);
