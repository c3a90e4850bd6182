import assert from "node:assert/strict";
import { test } from "node:test";

import { heap } from "../support/heap.mjs";
import { suite } from "../support/suite.mjs";

/** Mounts before memory is measured: caches and compiled code grow until then. */
const WARM_UP = 20;
const MOUNTS = 100;
/** Mounts that may be added where the last one seems to be held. */
const AGAIN = 5;
/** How much a mount may leave, in bytes; collections differ by some thousand in all. A listener that stays holds its room. */
const LEFT_MOST = 500;

const world = suite();

test(`${MOUNTS} mounts and unmounts leave memory flat`, async (t) => {
  const alice = await world.browser.visitor(world.server);
  const { page } = alice;
  // The core's memory is outside of what the page's garbage collector counts, and it never shrinks.
  await page.addInitScript(() => {
    globalThis.memories = [];
    globalThis.WebAssembly.Instance = class extends WebAssembly.Instance {
      constructor(...args) {
        super(...args);
        globalThis.memories.push(this.exports.memory);
      }
    };
  });
  await page.reload();
  await alice.signIn("Alice");
  await alice.enter("general");
  for (let count = 0; count < 30; count += 1) await alice.say(`a line to draw, number ${count}`);
  await alice.delivered("a line to draw, number 29");

  const inspector = await page.context().newCDPSession(page);
  const used = async () => {
    const core = await page.evaluate(() => globalThis.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0));
    assert.ok(core > 0, "the core's memory is found");
    return { ...(await heap(inspector)), core };
  };
  const mount = async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Your name").waitFor();
    await alice.signIn("Alice");
    await alice.message("number 29").waitFor();
  };

  for (let count = 0; count < WARM_UP; count += 1) await mount();
  const before = await used();
  for (let count = 0; count < MOUNTS; count += 1) await mount();
  let after = await used();
  const kept = () => (after.bytes - before.bytes) / MOUNTS;
  // React holds what it drew before until it draws again, so that one mount of them all may still be there: another one, and
  // it is not. What every mount leaves stays.
  for (let again = 0; again < AGAIN && (kept() > LEFT_MOST || after.detached > before.detached); again += 1) {
    await mount();
    after = await used();
  }
  t.diagnostic(`${before.bytes} to ${after.bytes} bytes, ${kept()} a mount; the core ${before.core} to ${after.core}`);
  assert.equal(after.core, before.core, "the core takes no more memory");
  assert.ok(kept() <= LEFT_MOST, `a mount leaves ${kept()} bytes`);
  assert.ok(after.detached <= before.detached, `${after.detached - before.detached} elements are left`);
  await alice.close();
});
