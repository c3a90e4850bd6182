/** A server's side of the wire, in memory: a WebSocket that answers as a Roomcast server with one room does. */

import type { Chat, ChatOptions, WebSocketConstructor } from "roomcast";
import { createChat } from "roomcast";

type Json = Record<string, unknown>;

/** A room and who is connected to it. */
export class FakeServer {
  readonly sockets = new Set<FakeSocket>();
  readonly received: { name: string; payload: Json }[] = [];
  /** Whether connects are answered. */
  up = true;
  refuse: string | undefined;
  /** Holds acknowledgements back while set. */
  holding: (() => void)[] | undefined;
  readonly messages: Json[] = [];
  rev = 0;
  history = 0;

  readonly WebSocket: WebSocketConstructor;

  constructor(readonly rooms: string[] = ["general"]) {
    const server = this;
    this.WebSocket = class extends FakeSocket {
      constructor(_url: string) {
        super(server);
      }
    } as unknown as WebSocketConstructor;
  }

  chat(user: string, options: Partial<ChatOptions> = {}): Chat {
    const token = (): string => user;
    return createChat({ url: "http://roomcast.test", token, WebSocket: this.WebSocket, ...options });
  }

  state(roomId: string): Json {
    const lastMessage = this.messages.findLast((message) => message.roomId === roomId);
    return {
      ...{ id: roomId, name: roomId, visibility: "public", policy: {}, rev: this.rev, seq: this.seq },
      ...{ memberCount: 2, createdAt: 1, role: "member", readSeq: 0, unread: 0, mentions: 0 },
      users: ["alice", "bob"].map((userId) => ({ userId, username: userId, role: "member", status: "online" })),
      ...{ typing: [], receipts: [] },
      ...(lastMessage ? { lastMessage, authors: [{ id: "bob", name: "Bob" }] } : {}),
    };
  }

  get seq(): number {
    return this.messages.length;
  }

  message(userId: string, content: string, more: Json = {}): Json {
    const seq = this.seq + 1;
    const message = {
      ...{ id: `m-${seq}`, roomId: this.rooms[0], userId, type: "text", content, seq, rev: ++this.rev, version: 1 },
      ...{ createdAt: 1_700_000_000_000 + seq, ...more },
    };
    this.messages.push(message);
    return message;
  }

  /** Somebody else posts. */
  post(content: string, userId = "bob"): Json {
    const message = this.message(userId, content);
    this.emit("new-message", { message, user: { id: userId, name: "Bob" }, rev: this.rev });
    return message;
  }

  emit(name: string, payload: Json): void {
    for (const socket of this.sockets) socket.say(`42${JSON.stringify([name, payload])}`);
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of [...this.sockets]) socket.lose();
  }

  hear(socket: FakeSocket, frame: string): void {
    if (frame.startsWith("40")) return this.#join(socket, JSON.parse(frame.slice(2)) as { token: string });
    const [, id, body] = /^42(\d*)(\[.*)$/s.exec(frame) ?? [];
    if (body === undefined) return;
    const [name, payload] = JSON.parse(body) as [string, Json];
    this.received.push({ name, payload });
    const reply = this.#answer(socket, name, payload);
    const answer = (): void => socket.say(`43${id}${JSON.stringify([reply])}`);
    if (this.holding) this.holding.push(answer);
    else answer();
  }

  #join(socket: FakeSocket, { token }: { token: string }): void {
    if (this.refuse) return socket.say(`44${JSON.stringify({ message: this.refuse })}`);
    const [name = ""] = token.split(":");
    socket.user = name;
    socket.say('40{"sid":"s"}');
    const user = { id: name, name: name === "alice" ? "Alice" : name };
    const rooms = this.rooms.map((id) => this.state(id));
    socket.say(
      `42${JSON.stringify(["initial-state", { epoch: "e", user, rooms, deltas: [], presence: [], limits: { sendsPerSecond: 1_000_000 }, serverTime: 1 }])}`,
    );
  }

  #answer(socket: FakeSocket, name: string, payload: Json): Json {
    if (name === "send-message") {
      if (payload.content === "bad") return refused("forbidden", "unable to post; not today");
      const known = this.messages.find((message) => message.clientId === payload.clientId);
      const message = known ?? this.message(socket.user, payload.content as string, { clientId: payload.clientId });
      return { success: true, message, rev: message.rev };
    }
    if (name === "get-messages") {
      const before = (payload.before as number | undefined) ?? Infinity;
      const page = this.messages.filter((message) => (message.seq as number) < before).slice(-(payload.limit as number));
      return { success: true, messages: page, hasMore: ((page[0]?.seq as number) ?? 1) > 1, authors: [] };
    }
    if (name === "join-room") return { success: true, room: this.state(payload.roomId as string) };
    return { success: true };
  }
}

const refused = (code: string, message: string): Json => ({
  success: false,
  error: { code, message, retryable: false, requestId: "r-1" },
});

/** One connection. */
export class FakeSocket {
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: object) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  onclose: ((event: object) => void) | null = null;
  user = "";

  constructor(private readonly server: FakeServer) {
    queueMicrotask(() => {
      if (!server.up) return this.lose();
      server.sockets.add(this);
      this.onopen?.({});
      this.say('0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
    });
  }

  say(data: string): void {
    queueMicrotask(() => this.onmessage?.({ data }));
  }

  send(frame: string): void {
    queueMicrotask(() => this.server.hear(this, frame));
  }

  close(): void {
    this.server.sockets.delete(this);
  }

  lose(): void {
    this.server.sockets.delete(this);
    this.onclose?.({ code: 1006 });
  }
}

/** Waits until it is so. */
export async function until(what: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!what()) {
    if (Date.now() > deadline) throw new Error(`it never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
