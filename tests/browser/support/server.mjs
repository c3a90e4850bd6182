import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./port.mjs";
import { eventually } from "./wait.mjs";

/** A real `roomcast dev` with the web chat in it, on ports and a database of its own. */
export class Server {
  #process;
  #log = "";

  static async start(settings = {}) {
    const server = new Server();
    server.port = await freePort();
    server.admin = await freePort();
    server.dir = await mkdtemp(join(tmpdir(), "roomcast-browser-"));
    server.settings = settings;
    await server.launch();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#process?.pid;
  }

  get log() {
    return this.#log;
  }

  async launch() {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ROOMCAST_")));
    this.#process = spawn(binary(), ["dev"], {
      cwd: this.dir,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...env,
        ROOMCAST_LISTEN: `127.0.0.1:${this.port}`,
        ROOMCAST_ADMIN_LISTEN: `127.0.0.1:${this.admin}`,
        ROOMCAST_DATABASE_URL: `sqlite://${join(this.dir, "roomcast.db")}?mode=rwc`,
        ROOMCAST_JWT_SECRET: "a-secret-for-the-browser-tests-that-is-long-enough",
        ROOMCAST_LIMITS: "off",
        // Tests begin in no room.
        ROOMCAST_WELCOME_ROOMS: "",
        ...this.settings,
      },
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on("data", (text) => (this.#log += text));
    await eventually("the server is ready", async () => {
      if (this.#process.exitCode !== null) throw new Error(`the server ended:\n${this.#log}`);
      return fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
    });
  }

  /** Ends it as a crash would. */
  async kill9() {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }

  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill9();
    await rm(this.dir, { recursive: true, force: true });
    if (this.#log.includes("panicked at")) throw new Error(`the server panicked:\n${this.#log}`);
  }

  async token(user, name = user) {
    const answer = await fetch(`${this.url}/dev/token?${new URLSearchParams({ user, name })}`);
    return (await answer.json()).token;
  }
}

function binary() {
  const path = process.env.ROOMCAST_BIN ?? new URL("../../../target/debug/roomcast", import.meta.url).pathname;
  if (!existsSync(path)) throw new Error(`no server at ${path}; run the tests by \`cargo xtask test\``);
  return path;
}
