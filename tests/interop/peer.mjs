// A stock socket.io-client, and a way to wait for what it hears.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { io } from "socket.io-client";

const SOON_MS = 10_000;

/** A token as an application's back end would make it: HS256, for an hour. */
export function token(secret, sub, claims = {}) {
  const part = (json) => Buffer.from(JSON.stringify(json)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const head = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, name: sub, exp, ...claims })}`;
  return `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
}

export class Peer {
  #heard = [];
  #waiting = [];

  constructor(url, transports, auth, query = {}) {
    this.socket = io(url, { transports, auth, query, forceNew: true, reconnection: false });
    this.socket.onAny((name, ...args) => {
      this.#heard.push({ name, args });
      this.#waiting.forEach((look) => look());
    });
  }

  connected() {
    return within(new Promise((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("connect_error", reject);
    }), "connect");
  }

  /** The `connect_error` of a connect that must fail. */
  refused() {
    return within(new Promise((resolve, reject) => {
      this.socket.once("connect", () => reject(new Error("the server took it")));
      this.socket.once("connect_error", resolve);
    }), "connect_error");
  }

  /** Takes the oldest event of this name; it has one argument. */
  async event(name, fits = () => true) {
    const take = () => {
      const at = this.#heard.findIndex((event) => event.name === name && fits(event.args[0]));
      return at < 0 ? undefined : this.#heard.splice(at, 1)[0];
    };
    let look;
    const found = new Promise((resolve) => {
      look = () => {
        const event = take();
        if (event) resolve(event);
        return event !== undefined;
      };
      if (!look()) this.#waiting.push(look);
    });
    const event = await within(found, `${name}; heard ${JSON.stringify(this.#heard)}`);
    this.#waiting = this.#waiting.filter((other) => other !== look);
    assert.equal(event.args.length, 1, `${name} has one argument`);
    return event.args[0];
  }

  /** Sends an event and gives its one ack. */
  ask(name, ...args) {
    return this.socket.timeout(SOON_MS).emitWithAck(name, ...args);
  }

  emit(name, ...args) {
    this.socket.emit(name, ...args);
  }

  transport() {
    return this.socket.io.engine.transport.name;
  }

  upgraded() {
    if (this.transport() === "websocket") return Promise.resolve();
    return within(new Promise((resolve) => this.socket.io.engine.once("upgrade", resolve)), "upgrade");
  }

  disconnect() {
    this.socket.disconnect();
  }
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${SOON_MS} ms`)), SOON_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
