"use client";

import { useEffect, useState } from "react";
import { createChat } from "roomcast";
import { ChatProvider, RoomProvider, useMessages, useRoom } from "roomcast/react";

// Made on the server as well, where it renders and connects to nothing.
const chat = createChat({ url: address()[0], token: () => address()[1] });

function address() {
  const hash = typeof location === "undefined" ? "" : location.hash;
  return hash ? decodeURIComponent(hash.slice(1)).split("|") : ["http://localhost", ""];
}

function Conversation() {
  const { messages, send } = useMessages();
  const { membership } = useRoom();
  const [sent, setSent] = useState(false);
  useEffect(() => {
    if (membership !== "member" || sent) return;
    setSent(true);
    send("hello").then((message) => (document.title = `ok ${message.content}`));
  }, [membership, send, sent]);
  return <ul data-count={messages.length}>{messages.map((message) => <li key={message.key}>{message.content}</li>)}</ul>;
}

export function Talk() {
  return (
    <ChatProvider chat={chat} autoConnect={typeof location !== "undefined"}>
      <RoomProvider id="general">
        <Conversation />
      </RoomProvider>
    </ChatProvider>
  );
}
