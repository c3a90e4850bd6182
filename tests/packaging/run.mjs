// Installs the package from its tarball and runs it with what users run, without a plugin or a line of configuration:
//   node run.mjs --url http://127.0.0.1:3000 --secret SECRET
import { execFile, execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

import { chromium } from "playwright-core";

const { url, secret, only } = parseArgs({
  options: { url: { type: "string" }, secret: { type: "string" }, only: { type: "string" } },
}).values;
const here = dirname(fileURLToPath(import.meta.url));
const npm = join(here, "../../npm");
const work = join(here, ".run");
const bin = (name) => join(here, "node_modules/.bin", name);
const run = promisify(execFile);

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
let users = 0;
/** A token for somebody who has none yet: limits of one user must not stand between the cases. */
function token() {
  const claims = { sub: `packer-${process.pid}-${users++}`, exp: Math.floor(Date.now() / 1_000) + 3_600 };
  const signed = `${base64({ alg: "HS256", typ: "JWT" })}.${base64(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A folder with the package in its node_modules, and these files. */
function project(name, ...files) {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const target = extname(file) ? join(folder, basename(file)) : folder;
    cpSync(join(here, file), target, { recursive: true });
  }
  return folder;
}

/** Serves a folder; gives the address and the way to end it. */
async function serve(folder) {
  const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
  const server = createServer((request, response) => {
    try {
      const path = new URL(request.url, "http://x").pathname;
      const file = readFileSync(join(folder, path === "/" ? "index.html" : path));
      response.writeHead(200, { "content-type": types[extname(path) || ".html"] ?? "application/octet-stream" });
      response.end(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, end: () => server.close() };
}

let browser;
/** Opens a page and waits until it says how it went. */
async function open(address) {
  browser ??= await chromium.launch({
    executablePath: process.env.ROOMCAST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    await page.goto(`${address}#${encodeURIComponent(`${url}|${token()}`)}`);
    await page.waitForFunction(() => /^(ok|failed)/.test(document.title), undefined, { timeout: 30_000 });
    const title = await page.title();
    if (title !== "ok hello") throw new Error(title);
  } catch (error) {
    throw new Error(`${error.message}\n${errors.join("\n")}`);
  } finally {
    await page.close();
  }
}

async function opened(folder, path = "") {
  const { address, end } = await serve(folder);
  try {
    await open(`${address}/${path}`);
  } finally {
    end();
  }
}

/** Starts a server of a bundler, waits for the address that it prints, and opens that. */
async function openedFrom(command, args, cwd, check) {
  const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1" } });
  try {
    const address = await new Promise((resolve, reject) => {
      let output = "";
      const read = (chunk) => {
        output += chunk;
        const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(output);
        if (found) resolve(found[0]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("exit", (code) => reject(new Error(`${command} ended (${code}): ${output}`)));
    });
    await check?.(address);
    await open(`${address}/`);
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.on("exit", resolve) : resolve()));
  }
}

async function node(script) {
  const { stdout } = await run("node", [script, url, token()], { cwd: project("node", "node") });
  if (!stdout.includes("ok hello")) throw new Error(stdout);
}

const cases = {
  "publint": () => run(bin("publint"), ["run", "--strict", join(here, "node_modules/roomcast")]),
  "are the types wrong": () => run(bin("attw"), [tarball, "--exclude-entrypoints", "core.wasm", "--profile", "node16"]),
  "TypeScript": async () => {
    const folder = project("types", "node/types.ts");
    for (const resolution of ["bundler", "nodenext"]) {
      const module = resolution === "bundler" ? "esnext" : "nodenext";
      await run(bin("tsc"), ["--noEmit", "--strict", "--target", "es2022", "--module", module, "--moduleResolution", resolution, "types.ts"], { cwd: folder });
    }
  },
  "Node, import": () => node("esm.mjs"),
  "Node, require": () => node("cjs.cjs"),
  "Node, slim": () => node("slim.mjs"),
  "vitest": () => run(bin("vitest"), ["run", "--root", "."], { cwd: project("vitest", "node/hello.test.js"), env: { ...process.env, CHAT_URL: url, CHAT_TOKEN: token() } }),
  "a plain module script": async () => {
    const folder = project("plain", "page");
    cpSync(join(here, "node_modules/roomcast/dist/index.js"), join(folder, "roomcast.js"));
    await opened(folder, "plain.html");
  },
  "Vite, dev": () => openedFrom(bin("vite"), ["--port", "0", "--host", "127.0.0.1"], project("vite-dev", "page")),
  "Vite, build": async () => {
    const folder = project("vite", "page");
    await run(bin("vite"), ["build"], { cwd: folder });
    await opened(join(folder, "dist"));
  },
  "webpack": async () => {
    const folder = project("webpack", "page");
    await run(bin("webpack"), ["./main.js", "--mode", "production", "--output-path", "dist"], { cwd: folder });
    cpSync(join(folder, "classic.html"), join(folder, "dist/index.html"));
    await opened(join(folder, "dist"));
  },
  "esbuild": async () => {
    const folder = project("esbuild", "page");
    await run(bin("esbuild"), ["main.js", "--bundle", "--outfile=dist/main.js"], { cwd: folder });
    cpSync(join(folder, "classic.html"), join(folder, "dist/index.html"));
    await opened(join(folder, "dist"));
  },
  "Next, server and client": async () => {
    const folder = project("next", "next");
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
    await run(bin("next"), ["build"], { cwd: folder, env });
    const rendered = async (address) => {
      const html = await (await fetch(address)).text();
      if (!html.includes("data-count")) throw new Error(`the server did not render the conversation: ${html}`);
    };
    await openedFrom(bin("next"), ["start", "--port", "0", "--hostname", "127.0.0.1"], folder, rendered);
  },
};

rmSync(work, { recursive: true, force: true });
const packed = mkdtempSync(join(tmpdir(), "roomcast-pack-"));
const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", packed], { cwd: npm, stdio: ["ignore", "pipe", "ignore"] }));
const tarball = join(packed, filename);
execFileSync("npm", ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: here, stdio: ["ignore", "ignore", "inherit"] });

let failed = 0;
for (const [name, check] of Object.entries(cases)) {
  if (only && !name.toLowerCase().includes(only.toLowerCase())) continue;
  const begin = Date.now();
  try {
    await check();
    console.log(`ok      ${name} (${((Date.now() - begin) / 1_000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.stdout ?? ""}${error.stderr ?? ""}${error.message}`);
  }
}
await browser?.close();
rmSync(packed, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;
