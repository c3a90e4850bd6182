import { useEffect, useMemo, useState } from "react";
import type { ChatMessage, Message, MessageId } from "roomcast";
import { useChat, useMe, useRoom } from "roomcast/react";

import { explain } from "../text/refusals";

const PAGE = 100;

/**
 * A thread: its first message and the replies. The room's own list is the truth for what it holds, and keeps it up
 * to date; older replies come from the server once.
 */
export function useThread(rootId: MessageId): {
  messages: readonly ChatMessage[];
  waiting: boolean;
  refused: string | undefined;
} {
  const chat = useChat();
  const { id: roomId, messages: live } = useRoom();
  const meId = useMe()?.id;
  const [older, setOlder] = useState<readonly Message[]>();
  const [refused, setRefused] = useState<string>();

  useEffect(() => {
    let current = true;
    chat.request("get-messages", { roomId, threadId: rootId, limit: PAGE }).then(
      (page) => current && setOlder((page as { messages: readonly Message[] }).messages),
      (refusal: unknown) => {
        if (!current) return;
        setOlder([]);
        setRefused(explain(refusal, "Earlier replies cannot be had right now."));
      },
    );
    return () => {
      current = false;
    };
  }, [chat, roomId, rootId]);

  const messages = useMemo(() => {
    const known = new Map<string, ChatMessage>();
    for (const message of older ?? []) known.set(message.id, settled(message, meId));
    for (const message of live) {
      if (message.id === rootId || message.threadId === rootId) known.set(message.id ?? message.key, message);
    }
    return [...known.values()].sort((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity));
  }, [live, older, rootId, meId]);

  return { messages, waiting: older === undefined, refused };
}

function settled(message: Message, meId: string | undefined): ChatMessage {
  return { ...message, key: message.clientId ?? message.id, mine: message.userId === meId, status: "delivered" };
}
