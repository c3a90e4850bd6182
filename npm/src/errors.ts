/** What goes wrong, as a program must tell apart. */

import type { ErrorBody, ErrorCode, ErrorDetails } from "./protocol.js";

/** The server's codes, and those of the client's own. */
export type RoomcastErrorCode =
  | ErrorCode
  /** The chat was closed. */
  | "closed"
  /** The server refuses the connection for good; `message` says why. */
  | "refused";

/** What an error is made of. */
export type RoomcastErrorBody = Partial<Omit<ErrorBody, "code">> & { code: RoomcastErrorCode; message: string };

/** Why something did not happen. `code` is what a program decides by; `message` is for a developer. */
export class RoomcastError extends Error {
  override readonly name = "RoomcastError";
  readonly code: RoomcastErrorCode;
  /** Whether the same again can succeed. */
  readonly retryable: boolean;
  /** Wait at least so long, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The payload's field or the limit that it is about. */
  readonly details?: ErrorDetails;
  /** Finds the cause in the server's log. */
  readonly requestId?: string;

  constructor(body: RoomcastErrorBody) {
    super(body.message);
    this.code = body.code;
    this.retryable = body.retryable ?? false;
    if (body.retryAfterMs !== undefined) this.retryAfterMs = body.retryAfterMs;
    if (body.details) this.details = body.details;
    if (body.requestId) this.requestId = body.requestId;
  }
}

/** The error of a call on a chat that was closed. */
export const closed = (): RoomcastError =>
  new RoomcastError({ code: "closed", message: "unable to go on; the chat is closed" });
