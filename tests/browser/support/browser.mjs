import { chromium } from "playwright-core";

import { Person } from "./person.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium, with a profile that is thrown away. */
export class Browser {
  static async launch(flags = []) {
    const browser = new Browser();
    browser.chromium = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [...FLAGS, ...flags],
    });
    return browser;
  }

  /** Somebody with a browser of their own, at the server's front door. */
  async visitor(server, options = {}) {
    const context = await this.chromium.newContext({
      viewport: { width: 1200, height: 760 },
      reducedMotion: "reduce",
      locale: "en-GB",
      ...options,
    });
    context.setDefaultTimeout(10_000);
    return Person.open(context, server);
  }

  /** Somebody who has come in and has a room open. */
  async person(server, name, { room = "general", ...options } = {}) {
    const person = await this.visitor(server, options);
    await person.signIn(name);
    if (room !== undefined) await person.enter(room);
    return person;
  }

  close() {
    return this.chromium.close();
  }
}
