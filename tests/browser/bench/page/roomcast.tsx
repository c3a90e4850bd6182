import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { createChat } from "roomcast";
import { ChatProvider, RoomProvider, useMessages, usePeople } from "roomcast/react";

import { begin, rows, server, token } from "./mark";
import { Plain } from "./Plain";
import { Room } from "./Room";

const Rows = rows === "plain" ? Plain : Room;

function Long() {
  const { messages, hasMore, loading, loadOlder } = useMessages();
  const people = usePeople();
  bench.length = messages.length;
  bench.last = messages.at(-1)?.content;
  useEffect(() => {
    if (hasMore && !loading) void loadOlder(100);
  }, [hasMore, loading, loadOlder, messages.length]);
  return <Rows messages={messages} people={people} />;
}

begin();
const chat = createChat({ url: server, token, timelineMessages: 20_000 });
createRoot(document.getElementById("root") as HTMLElement).render(
  <ChatProvider chat={chat}>
    <RoomProvider id="long">
      <Long />
    </RoomProvider>
  </ChatProvider>,
);
