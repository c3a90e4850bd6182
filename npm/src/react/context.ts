/** Which chat and which room the hooks are about. */

import { createContext, createElement, useContext, useEffect } from "react";
import type { ReactNode } from "react";

import type { Chat, Room, RoomId } from "../types.js";

const ChatContext = createContext<Chat | undefined>(undefined);
const RoomContext = createContext<RoomId | undefined>(undefined);

/** Gives a chat to everything inside. With `autoConnect`, the default, it is connected once this is mounted. */
export function ChatProvider(props: { chat: Chat; autoConnect?: boolean; children?: ReactNode }): ReactNode {
  const { chat, autoConnect = true, children } = props;
  useEffect(() => {
    // How it went is in the state. Whoever made the chat closes it: this may be mounted again.
    if (autoConnect) chat.connect().catch(() => undefined);
  }, [chat, autoConnect]);
  return createElement(ChatContext.Provider, { value: chat }, children);
}

/** Gives a room to everything inside. With `join`, the default, the user becomes a member where they are none. */
export function RoomProvider(props: { id: RoomId; join?: boolean; children?: ReactNode }): ReactNode {
  const { id, join = true, children } = props;
  const chat = useChat();
  useEffect(() => chat.room(id).open({ join }), [chat, id, join]);
  return createElement(RoomContext.Provider, { value: id }, children);
}

/** The chat. */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("unable to find the chat; put a ChatProvider around this component");
  return chat;
}

/** The handle of the room of this id, or of the provider's. */
export function useRoomHandle(id?: RoomId): Room {
  const around = useContext(RoomContext);
  const which = id ?? around;
  if (which === undefined) throw new Error("unable to find the room; put a RoomProvider around this component, or name it");
  return useChat().room(which);
}
