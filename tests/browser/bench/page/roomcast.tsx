import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { createChat } from "roomcast";
import { ChatProvider, RoomProvider, useMessages, usePeople } from "roomcast/react";

import { begin, server, token } from "./mark";
import { Room } from "./Room";

function Long() {
  const { messages, hasMore, loading, loadOlder } = useMessages();
  const people = usePeople();
  bench.length = messages.length;
  bench.last = messages.at(-1)?.content;
  useEffect(() => {
    if (hasMore && !loading) void loadOlder(100);
  }, [hasMore, loading, loadOlder, messages.length]);
  return <Room messages={messages} people={people} />;
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
