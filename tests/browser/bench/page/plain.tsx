/** What people write by hand: a socket in an effect, and `setMessages((before) => [...before, message])`. */
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import type { ChatMessage, Message, People } from "roomcast";
import { io } from "socket.io-client";

import { begin, rows, server, token } from "./mark";
import { Plain } from "./Plain";
import { Room } from "./Room";

const Rows = rows === "plain" ? Plain : Room;

const shown = (message: Message): ChatMessage => ({ ...message, key: message.id, mine: false, status: "delivered" });
const names = new Map<string, string>();
const people: People = {
  size: 0,
  get: (id) => ({ id, name: names.get(id) ?? id }),
  name: (id) => names.get(id) ?? id,
};

function useSocketRoom(roomId: string): ChatMessage[] {
  const [messages, setMessages] = useState<ChatMessage[]>([]);
  useEffect(() => {
    const socket = io(server, {
      auth: (give) => void token().then((token) => give({ token })),
      transports: ["websocket"],
    });
    socket.on("new-message", ({ message, user }) => {
      names.set(user.id, user.name);
      setMessages((before) => [...before, shown(message)]);
    });
    socket.once("initial-state", async () => {
      await socket.emitWithAck("join-room", { roomId });
      for (let before: number | undefined; ; ) {
        const page = await socket.emitWithAck("get-messages", { roomId, limit: 100, ...(before && { before }) });
        setMessages((now) => [...page.messages.map(shown), ...now]);
        if (!page.hasMore) return;
        before = page.messages[0].seq;
      }
    });
    return () => void socket.close();
  }, [roomId]);
  return messages;
}

function Long() {
  const messages = useSocketRoom("long");
  bench.length = messages.length;
  bench.last = messages.at(-1)?.content;
  return <Rows messages={messages} people={people} />;
}

begin();
createRoot(document.getElementById("root") as HTMLElement).render(<Long />);
