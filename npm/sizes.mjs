// Prints what a page loads, and fails where that grows: the goal is far off, so what was reached is held.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Bytes after brotli that are wanted: of everything that a page loads, and of what the React hooks add. */
const WANTED = { page: 60 * 1024, react: 4 * 1024 };

/** Most bytes of the page for now; a toolchain without the library's source needs the last 10 kB. */
const MOST = 156 * 1024;

const dist = join(dirname(fileURLToPath(import.meta.url)), "dist");
const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });

const measured = (file) => {
  const bytes = readFileSync(join(dist, file));
  return { raw: bytes.length, gz: gzipSync(bytes, { level: 9 }).length, br: brotli(bytes).length };
};
const sizes = {
  "core.wasm": measured("core.wasm"),
  "slim.js (glue and façade)": measured("slim.js"),
  "index.js (all of it, bytes inside)": measured("index.js"),
  "react.js": measured("react.js"),
};
const page = sizes["core.wasm"].br + sizes["slim.js (glue and façade)"].br;

const row = (name, raw, gz, br) => `${name.padEnd(36)}${raw.padStart(10)}${gz.padStart(10)}${br.padStart(10)}`;
console.log(row("", "raw", "gzip -9", "brotli 11"));
for (const [name, { raw, gz, br }] of Object.entries(sizes)) console.log(row(name, `${raw}`, `${gz}`, `${br}`));
const short = page > WANTED.page ? `: ${(page / WANTED.page).toFixed(1)} times as much as wanted` : "";
console.log(`what a page loads: ${page} bytes, wanted at most ${WANTED.page}${short}`);

const foreign = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(join(dist, "core.wasm"))));
const env = foreign.filter(({ module }) => module === "env");
if (env.length > 0) console.error(`the core asks the page for what it cannot have: ${JSON.stringify(env)}`);
if (page > MOST) console.error(`the page loads more than the ${MOST} bytes that it had come down to`);
if (sizes["react.js"].br > WANTED.react) console.error("the React hooks are too large");
process.exitCode = env.length > 0 || page > MOST || sizes["react.js"].br > WANTED.react ? 1 : 0;
