// Builds dist/ from src/ and from wasm/, which `cargo xtask wasm` writes.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { bytesAsText } from "./bytes-as-text.mjs";

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
copyFileSync("wasm/core_bg.wasm", "dist/core.wasm");

/** The module's bytes as text inside the script. */
const inside = {
  name: "inside",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^core\.wasm\?text$/ }, ({ path }) => ({ path, namespace: "inside" }));
    onLoad({ filter: /.*/, namespace: "inside" }, () => ({
      contents: JSON.stringify(bytesAsText(readFileSync("wasm/core_bg.wasm"))),
      loader: "json",
    }));
  },
};
/** One copy of the core for the root and for what builds on it. */
const external = ["react", "react/jsx-runtime", "roomcast/core.wasm"];
const common = { bundle: true, minify: true, target: "es2022", platform: "neutral", legalComments: "none", external };

const entries = [
  { entryPoints: ["src/index.ts"], outfile: "dist/index.js", format: "esm", plugins: [inside] },
  { entryPoints: ["src/index.ts"], outfile: "dist/index.cjs", format: "cjs", plugins: [inside], platform: "node" },
  { entryPoints: ["src/slim.ts"], outfile: "dist/slim.js", format: "esm" },
  { entryPoints: ["src/slim.ts"], outfile: "dist/slim.cjs", format: "cjs", platform: "node" },
  { entryPoints: ["src/workerd.ts"], outfile: "dist/workerd.js", format: "esm" },
  { entryPoints: ["src/react/index.ts"], outfile: "dist/react.js", format: "esm" },
  { entryPoints: ["src/react/index.ts"], outfile: "dist/react.cjs", format: "cjs", platform: "node" },
];
await Promise.all(entries.map((entry) => build({ ...common, ...entry })));
// The hooks know the chat by its face alone, so they need nothing of the root; React Server Components need to be told
// that they are for the client.
for (const file of ["dist/react.js", "dist/react.cjs"]) {
  writeFileSync(file, `"use client";\n${readFileSync(file, "utf8")}`);
}
// A module that is imported is what platforms compile ahead of time.
const workerd = readFileSync("dist/workerd.js", "utf8").replaceAll('"roomcast/core.wasm"', '"./core.wasm"');
writeFileSync("dist/workerd.js", workerd);

execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });
copyTypes("dist/types", "dist/types-cjs");

/** The same declarations for `require`: TypeScript takes the kind of a module from its name. */
function copyTypes(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source)).replace(/\.d\.ts$/, ".d.cts");
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readFileSync(source, "utf8").replace(/(from\s+"\.[^"]*)\.js"/g, '$1.cjs"'));
  }
}
