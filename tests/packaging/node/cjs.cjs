const { createChat } = require("roomcast");
const { useMessages } = require("roomcast/react");
const WebSocket = require("ws");

const [url, token] = process.argv.slice(2);

async function talk() {
  const chat = createChat({ url, token, WebSocket });
  await chat.connect();
  await chat.room("general").join();
  const message = await chat.room("general").send("hello");
  await chat.close();
  if (typeof useMessages !== "function") throw new Error("the hooks are missing");
  console.log(`ok ${message.content}`);
}

talk();
