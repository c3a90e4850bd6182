/** Roomcast in the browser and in Node. */

import type { Chat, ChatOptions, Storage } from "./types.js";

/** Makes a chat. Nothing happens before `connect()`. */
export declare function createChat(options: ChatOptions): Chat;

/** The browser's IndexedDB; memory where there is none, which `ChatState.durable` says. */
export declare function indexedDb(name?: string): Storage;

export { RoomcastError } from "./errors.js";
export type * from "./types.js";
export type * from "./protocol.js";
