/** Connections, as the core wants them: sockets, and requests of long polling. */

import type { ChatOptions, WebSocketLike } from "./types.js";
import type { HttpRequest, Input } from "./wire.js";

/** What a connection tells. */
export interface Ear {
  /** It opened, closed, or answered. */
  told(input: Input): void;
  /** A frame of a socket came. */
  came(conn: number, frame: string): void;
  /** A frame or a body goes out or comes in. */
  log(way: "in" | "out", text: string): void;
}

/** All that are open; more than one while the core moves from one to the next. */
export class Links {
  readonly #options: ChatOptions;
  readonly #ear: Ear;
  readonly #sockets = new Map<number, WebSocketLike>();
  /** What waits for the server to speak, by its connection. */
  readonly #polls = new Map<number, AbortController>();

  constructor(options: ChatOptions, ear: Ear) {
    this.#options = options;
    this.#ear = ear;
  }

  /** Opens a socket. */
  open(conn: number, pathAndQuery: string): void {
    const Socket = this.#options.WebSocket ?? (globalThis as { WebSocket?: typeof WebSocket }).WebSocket;
    const address = new URL(pathAndQuery, this.#options.url);
    address.protocol = address.protocol.replace("http", "ws");
    const gone = (why: string): void => {
      this.#sockets.delete(conn);
      this.#ear.told({ closed: { conn, why } });
    };
    if (!Socket) return gone("there is no WebSocket here; give one as an option");
    try {
      const socket = new Socket(address.href) as WebSocketLike;
      this.#sockets.set(conn, socket);
      socket.onopen = () => this.#ear.told({ opened: { conn } });
      socket.onmessage = (({ data }: { data: unknown }) => {
        if (typeof data !== "string") return;
        this.#ear.log("in", data);
        this.#ear.came(conn, data);
      }) as WebSocketLike["onmessage"];
      socket.onerror = () => undefined;
      socket.onclose = (({ code, reason }: { code?: number; reason?: unknown }) => {
        gone(`the socket closed${code ? ` (${code})` : ""}${reason ? `: ${String(reason)}` : ""}`);
      }) as WebSocketLike["onclose"];
    } catch (error) {
      gone(String(error));
    }
  }

  /** Sends a frame by a socket. */
  transmit(conn: number, frame: string): void {
    const socket = this.#sockets.get(conn);
    if (!socket) return;
    this.#ear.log("out", frame);
    try {
      socket.send(frame);
    } catch (error) {
      this.hangUp(conn);
      this.#ear.told({ closed: { conn, why: String(error) } });
    }
  }

  /** Sends a request of long polling. */
  request({ conn, method, path_and_query, body }: HttpRequest): void {
    const ask = this.#options.fetch ?? fetch;
    const reads = method === "Get";
    const abort = new AbortController();
    if (reads) this.#polls.set(conn, abort);
    this.#ear.log("out", body);
    const answered = async (): Promise<Input> => {
      const response = await ask(new URL(path_and_query, this.#options.url), {
        method: reads ? "GET" : "POST",
        redirect: "manual",
        cache: "no-store",
        signal: abort.signal,
        ...(reads ? {} : { body, headers: { "content-type": "text/plain;charset=UTF-8" } }),
      });
      const text = await response.text();
      this.#ear.log("in", text);
      return { response: { conn, method, status: response.status, body: text } };
    };
    void answered()
      .catch((error: unknown): Input => ({ closed: { conn, why: String(error) } }))
      .then((input) => {
        // Of a request that was given up there is nothing to tell.
        if (abort.signal.aborted) return;
        if (this.#polls.get(conn) === abort) this.#polls.delete(conn);
        this.#ear.told(input);
      });
  }

  /** Ends a connection; nothing is told of it any more. */
  hangUp(conn: number): void {
    this.#polls.get(conn)?.abort();
    this.#polls.delete(conn);
    const socket = this.#sockets.get(conn);
    if (!socket) return;
    this.#sockets.delete(conn);
    socket.onopen = socket.onmessage = socket.onclose = null;
    // A socket that is closed while it connects complains; nobody is to hear of that.
    socket.onerror = () => undefined;
    try {
      socket.close();
    } catch {
      // It is gone all the same.
    }
  }

  hangUpAll(): void {
    for (const conn of [...this.#sockets.keys(), ...this.#polls.keys()]) this.hangUp(conn);
  }
}
