/** What an update costs a page with ten thousand messages: this package, and what people write by hand beside it. */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname } from "node:path";

import { Browser } from "../support/browser.mjs";
import { fillRoom } from "../support/fill.mjs";
import { Server } from "../support/server.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const MESSAGES = 10_000;
const PER_SECOND = 200;
const SECONDS = 10;
const KINDS = { roomcast: "roomcast", plain: "socket.io-client + useState" };
/** How the same messages are drawn: by a window of plain rows, which leaves what the messages themselves cost, and by the web chat. */
const ROWS = { plain: "plain rows", chat: "the web chat's rows" };
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

const built = new URL(".built/", import.meta.url);
const webChat = new URL("../../../examples/web-chat/package.json", import.meta.url).pathname;
const { build } = await import(createRequire(webChat).resolve("vite"));
await build({ configFile: new URL("vite.config.mjs", import.meta.url).pathname });

const files = createServer(async (request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  try {
    const content = await readFile(new URL(`.${path}`, built));
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");

/** Sends at a steady rate, whatever the clock of the loop does. */
async function talk(writer) {
  const begun = performance.now();
  const total = PER_SECOND * SECONDS;
  const acks = [];
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * PER_SECOND) + 1);
    for (; sent < due; sent += 1) acks.push(writer.say("long", `update ${sent}, of an ordinary length`));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(acks);
  return total;
}

async function measure(browser, server, kind, rows) {
  const context = await browser.chromium.newContext({ viewport: { width: 900, height: 800 } });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${files.address().port}/${kind}.html?rows=${rows}&server=${server.url}`);
  await eventually("all messages are loaded", () => page.evaluate((n) => bench.length >= n, MESSAGES), 120_000);
  const first = await page.evaluate(() => bench.first);
  const writer = await stockClient(server, "writer", "Writer");
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const read = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  // Once unmeasured, so that both are compiled and warm.
  await talk(writer);
  const before = await read();
  const begun = performance.now();
  const updates = await talk(writer);
  const last = `update ${updates - 1}, of an ordinary length`;
  await eventually("the last update is there", () => page.evaluate((text) => bench.last === text, last));
  const elapsed = (performance.now() - begun) / 1_000;
  const after = await read();
  writer.close();
  await context.close();
  const spent = (name) => after[name] - before[name];
  return {
    first,
    script: (spent("ScriptDuration") / updates) * 1e6,
    all: (spent("TaskDuration") / updates) * 1e6,
    core: (spent("TaskDuration") / elapsed) * 100,
    heap: after.JSHeapUsedSize / 1e6,
  };
}

const server = await Server.start();
const browser = await Browser.launch();
try {
  await fillRoom(server, "long", MESSAGES);
  console.log(`\n${MESSAGES} messages in a room, ${PER_SECOND} updates a second for ${SECONDS} s, production React, the same windowed list\n`);
  console.log("| | script, µs an update | with layout and paint | of a core | connect to first message | heap |");
  console.log("|---|---|---|---|---|---|");
  for (const [rows, drawn] of Object.entries(ROWS)) {
    for (const [kind, name] of Object.entries(KINDS)) {
      const { first, script, all, core, heap } = await measure(browser, server, kind, rows);
      const cells = [`${name}, ${drawn}`, script.toFixed(0), all.toFixed(0), `${core.toFixed(1)} %`, `${first.toFixed(0)} ms`, `${heap.toFixed(0)} MB`];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
  console.log("| wanted | ≤ 150 | | ≤ 5 % | | |\n");
} finally {
  await browser.close();
  await server.stop();
  files.close();
}
