import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.{ts,tsx}"], testTimeout: 15_000, pool: "forks", maxWorkers: 2 },
  // The tests use the package as its users do: what was built, by its name.
  resolve: { alias: { "roomcast/react": url("dist/react.js"), roomcast: url("dist/index.js") } },
});

function url(path: string): string {
  return new URL(path, import.meta.url).pathname;
}
