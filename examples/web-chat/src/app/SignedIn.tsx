import { useEffect, useState } from "react";
import { type Chat, createChat, indexedDb } from "roomcast";
import { ChatProvider } from "roomcast/react";

import type { Session } from "../session/session";
import { fetchToken } from "../session/token";
import { NoticesProvider } from "./notices";
import { Shell } from "./Shell";

type Props = { session: Session; onSignOut: () => void };

/** A chat for as long as somebody is signed in. */
export function SignedIn({ session, onSignOut }: Props) {
  const [chat, setChat] = useState<Chat>();

  useEffect(() => {
    const chat = createChat({
      url: location.origin,
      token: () => fetchToken(session),
      // One place for each user: two people in one browser do not send one another's messages.
      storage: indexedDb(`roomcast-${session.userId}`),
      multiTab: `roomcast-${session.userId}`,
      client: { name: "web-chat" },
    });
    setChat(chat);
    // A refusal shows in the banner.
    chat.connect().catch(() => undefined);
    return () => void chat.close();
  }, [session]);

  if (!chat) return null;
  return (
    <ChatProvider chat={chat} autoConnect={false}>
      <NoticesProvider>
        <Shell session={session} onSignOut={onSignOut} />
      </NoticesProvider>
    </ChatProvider>
  );
}
