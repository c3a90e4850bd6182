// What a user's page does, the same for every bundler: nothing of this file knows which it is.
import { createChat } from "roomcast";

const [url, token] = decodeURIComponent(location.hash.slice(1)).split("|");

async function talk() {
  const chat = createChat({ url, token });
  await chat.connect();
  const room = chat.room("general");
  room.open();
  await room.join();
  const message = await room.send("hello");
  await chat.close();
  document.title = `ok ${message.content}`;
}

talk().catch((error) => {
  document.title = `failed ${error.stack ?? error}`;
});
