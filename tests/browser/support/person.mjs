import assert from "node:assert/strict";

/** Somebody who looks at the web chat and uses it as people do: by what is on screen. */
export class Person {
  /** What the page complained about: errors, breaches of its policy, dialogs that nobody asked for. */
  complaints = [];

  static async open(context, server, path = "/") {
    const person = new Person();
    person.context = context;
    person.server = server;
    person.page = await context.newPage();
    person.page.on("pageerror", (error) => person.complaints.push(`error: ${error.stack ?? error}`));
    person.page.on("dialog", (dialog) => {
      person.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await person.page.exposeFunction("reportBreach", (text) => person.complaints.push(`policy: ${text}`));
    await person.page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (breach) => {
        void globalThis.reportBreach(`${breach.effectiveDirective} ${breach.blockedURI}`);
      });
    });
    await person.page.goto(server.url + path);
    return person;
  }

  /** Another tab of the same browser. */
  async secondTab() {
    const session = await this.page.evaluate(() => sessionStorage.getItem("roomcast.session"));
    const tab = await this.context.newPage();
    await tab.addInitScript((saved) => sessionStorage.setItem("roomcast.session", saved), session);
    const other = Object.assign(new Person(), { context: this.context, server: this.server, page: tab });
    await tab.goto(this.page.url());
    return other;
  }

  async signIn(name) {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: "Continue" }).click();
    await this.page.getByRole("navigation", { name: "Rooms" }).waitFor();
  }

  /** Opens a room, and becomes a member where one is not yet. */
  async enter(room) {
    await this.page.evaluate((id) => (location.hash = `/${id}`), room);
    const join = this.page.getByRole("button", { name: "Enter the room" });
    await join.or(this.feed).first().waitFor();
    if (await join.isVisible()) await join.click();
    await this.feed.waitFor();
  }

  get feed() {
    return this.page.getByRole("region", { name: /^Messages in / });
  }

  get field() {
    return this.page.getByRole("textbox", { name: /^Write to / });
  }

  get banner() {
    return this.page.locator(".banner");
  }

  message(text) {
    return this.feed.getByRole("article").filter({ has: this.page.locator(".text", { hasText: text }) });
  }

  async say(text) {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** Waits until a message stands in the conversation, once. */
  async sees(text) {
    await this.message(text).first().waitFor();
    assert.equal(await this.message(text).count(), 1, `"${text}" stands there more than once`);
  }

  /** Waits until one's own message has reached the server. */
  async delivered(text) {
    await this.message(text).locator(".send-mark.check, .send-mark.checks").waitFor();
  }

  texts() {
    return this.feed.locator(".text").allInnerTexts();
  }

  close() {
    return this.context.close();
  }
}
