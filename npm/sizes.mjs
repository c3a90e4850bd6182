// Prints what a page loads, and fails where that is too much.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Most bytes after brotli: of everything that a page loads, and of what the React hooks add. */
const GATE = { page: 60 * 1024, react: 4 * 1024 };

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
console.log(`what a page loads: ${page} bytes, wanted at most ${GATE.page}`);

const foreign = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(join(dist, "core.wasm"))));
const env = foreign.filter(({ module }) => module === "env");
if (env.length > 0) console.error(`the core asks the page for what it cannot have: ${JSON.stringify(env)}`);
if (page > GATE.page) console.error("the page loads too much");
if (sizes["react.js"].br > GATE.react) console.error("the React hooks are too large");
process.exitCode = env.length > 0 || page > GATE.page || sizes["react.js"].br > GATE.react ? 1 : 0;
