/** The readme's chat is short, and it compiles. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

const here = (path: string): string => new URL(path, import.meta.url).pathname;

test("a hook user's whole chat takes less than 40 lines, and compiles", () => {
  const [, code = ""] = /```tsx\n([\s\S]*?)```/.exec(readFileSync(here("../README.md"), "utf8")) ?? [];
  expect(code).toContain("useMessages");
  expect(code.trim().split("\n").length).toBeLessThan(40);
  const folder = here("./.readme");
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(`${folder}/app.tsx`, code);
    const paths = { roomcast: ["../../dist/types/index.d.ts"], "roomcast/react": ["../../dist/types/react/index.d.ts"] };
    const config = { extends: "../../tsconfig.json", compilerOptions: { paths }, include: ["app.tsx"] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    execFileSync(here("../node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(String((error as { stdout?: string }).stdout ?? error));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
