import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Clocks, randomness and the like come in by the glue's own functions: whatever else it asked for, no page has. */
test("the core asks its host for nothing but what the glue gives", () => {
  const module = new WebAssembly.Module(readFileSync(new URL("../dist/core.wasm", import.meta.url)));
  const modules = new Set(WebAssembly.Module.imports(module).map((wanted) => wanted.module));
  expect(modules.has("env")).toBe(false);
  expect([...modules]).toEqual([expect.stringMatching(/^\.\/\w+\.js$/)]);
});
