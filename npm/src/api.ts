/** What every entry of the package offers. */

export { createChat } from "./chat.js";
export { RoomcastError } from "./errors.js";
export type { RoomcastErrorCode } from "./errors.js";
export { indexedDb, memory } from "./storage.js";
export type * from "./types.js";
/** All that is said on the wire. */
export type * as protocol from "./protocol.js";
