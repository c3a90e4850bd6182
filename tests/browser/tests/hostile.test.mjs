import assert from "node:assert/strict";
import { test } from "node:test";

import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const world = suite();

const TEXTS = [
  "<script>alert('script')</script>",
  "<img src=x onerror=alert('onerror')>",
  "<svg><animate onbegin=alert('svg') attributeName=x></svg>",
  "<iframe srcdoc=\"<script>alert('frame')</script>\"></iframe>",
  "javascript:alert('link')",
  "[click](javascript:alert('markdown'))",
  "data:text/html,<script>alert('data')</script>",
  "```<style>body{display:none}</style>```",
  "{{constructor.constructor('alert(1)')()}}",
  "__proto__ constructor toString",
  "\u202Etxt.exe \u2066reversed\u2069",
  "Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324a\u0334\u0335l\u035Cg\u0321o",
  "https://user:pass@example.org/\"onmouseover=\"alert('attribute')",
];

/** The server keeps text in NFC; the browser folds spaces. */
const normal = (text) => text.normalize("NFC").replace(/\s+/g, " ");

test("hostile content shows as text and runs nothing", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const mallory = await stockClient(world.server, "mallory", "<b onclick=alert(1)>Mallory</b>");
  await mallory.enter("general");
  for (const [at, content] of TEXTS.entries()) {
    await mallory.say("general", content, { metadata: JSON.parse(`{"__proto__":{"polluted":${at}}}`) });
  }
  await mallory.say("general", "that was all");
  await alice.sees("that was all");

  const shown = (await alice.texts()).map(normal);
  for (const text of TEXTS) {
    const plain = text.startsWith("```") ? text.slice(3, -3) : text;
    assert.ok(shown.includes(normal(plain)), `not shown as it is: ${text}`);
  }
  await alice.feed.getByText("<b onclick=alert(1)>Mallory</b>").first().waitFor();

  const found = await alice.page.evaluate(() => ({
    foreign: document.querySelectorAll("#root :is(script, iframe, object, embed, img, style, animate)").length,
    handlers: [...document.querySelectorAll("*")].filter((element) =>
      [...element.attributes].some((attribute) => attribute.name.startsWith("on")),
    ).length,
    links: [...document.querySelectorAll("#root a")].map((link) => [new URL(link.href).protocol, link.rel]),
    polluted: {}.polluted,
  }));
  assert.equal(found.foreign, 0);
  assert.equal(found.handlers, 0);
  assert.equal(found.polluted, undefined);
  assert.ok(found.links.length > 0);
  for (const [protocol, rel] of found.links) {
    assert.equal(protocol, "https:");
    assert.equal(rel, "noopener noreferrer nofollow");
  }
  assert.deepEqual(alice.complaints, []);
  mallory.close();
  await alice.close();
});

test("rooms and people with the names of an object's own are rooms and people", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const proto = await stockClient(world.server, "__proto__", "constructor");
  for (const roomId of ["__proto__", "constructor"]) {
    await proto.ask("create-room", { roomId, name: `room ${roomId}`, visibility: "public" });
    await proto.say(roomId, `hello from ${roomId}`);
    await alice.enter(roomId);
    await alice.sees(`hello from ${roomId}`);
    await alice.say(`answer to ${roomId}`);
    await alice.delivered(`answer to ${roomId}`);
  }
  assert.equal(await alice.page.evaluate(() => Object.keys(Object.prototype).length), 0);
  assert.deepEqual(alice.complaints, []);
  proto.close();
  await alice.close();
});

test("a name cannot turn the text around it", async () => {
  const alice = await world.browser.visitor(world.server);
  await alice.signIn("\u05D0\u05DC\u05D9\u05E1 a");
  await alice.enter("general");
  await alice.say("direction");
  const direction = await alice.message("direction").locator(".message-name").evaluate((name) => name.tagName);
  assert.equal(direction, "BDI");
  await alice.close();
});

test("the policy stops what is not the page's own", async () => {
  const alice = await world.browser.visitor(world.server);
  const answer = await alice.page.goto(world.server.url);
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval' 'unsafe|'unsafe-eval'/);
  // The policy is in force: an inline script that somebody got in would not run, and would be reported.
  await alice.page.evaluate(() => {
    const script = document.createElement("script");
    try {
      script.textContent = "window.ran = true";
    } catch {
      return;
    }
    document.head.append(script);
  });
  assert.equal(await alice.page.evaluate(() => window.ran), undefined);
  await eventually("the breach is reported", () => alice.complaints.length > 0);
  await alice.close();
});
