/** What the core mentions, as the application hears it. */

import type { Sink } from "./backend.js";
import { RoomcastError } from "./errors.js";
import type { ClientId, ErrorBody, Message, RemovalReason, RoomId, Status } from "./protocol.js";
import type { Notice } from "./wire.js";

/** Tells one, but for those of the connection; of what is new to this package nobody hears. */
export function tell(notice: Notice, sink: Sink): void {
  const [[name, detail]] = Object.entries(notice) as [[string, unknown]];
  switch (name) {
    case "NewMessage":
      return sink.event("message", { message: detail as Message });
    case "MessageUpdated":
      return sink.event("messageUpdated", { message: detail as Message });
    case "RoomEntered":
      return sink.event("roomEntered", { roomId: detail as RoomId });
    case "RoomLeft": {
      const [roomId, reason] = detail as [RoomId, RemovalReason];
      return sink.event("roomLeft", { roomId, reason });
    }
    case "SendFailed": {
      const [clientId, body] = detail as [ClientId, ErrorBody];
      return sink.event("sendFailed", { clientId, error: new RoomcastError(body) });
    }
    case "ChangeRefused": {
      const [roomId, , body] = detail as [RoomId, unknown, ErrorBody];
      return sink.event("changeRefused", { roomId, error: new RoomcastError(body) });
    }
    case "NotStored":
      return sink.event("notStored", { clientId: detail as ClientId });
    case "Presence": {
      const [userId, status] = detail as [string, Status];
      return sink.event("presence", { userId, status });
    }
  }
}
