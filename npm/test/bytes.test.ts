import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { bytesAsText } from "../bytes-as-text.mjs";
import { bytesOf } from "../src/bytes.js";

test("the module's bytes come back from the text that the script holds", () => {
  const core = readFileSync(new URL("../dist/core.wasm", import.meta.url));
  const every = Uint8Array.from({ length: 3 * 256 }, (_, place) => (place < 512 ? place >> 1 : 767 - place));
  for (const bytes of [core, every, new Uint8Array()]) {
    const inside = JSON.parse(JSON.stringify(bytesAsText(bytes)));
    expect(inside.text).toMatch(/^[^"'`\\<$]*$/);
    expect(Buffer.from(bytesOf(inside)).equals(bytes)).toBe(true);
  }
});
