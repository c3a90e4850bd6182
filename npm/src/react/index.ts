/** Hooks over the snapshots of a chat. */

export { ChatProvider, RoomProvider, useChat } from "./context.js";
export * from "./hooks.js";
export { useChatSelector, useRoomSelector } from "./select.js";
