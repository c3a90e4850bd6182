/** Asks until the answer is truthy, and gives it; fails with `what` after `timeout` milliseconds. */
export async function eventually(what, ask, timeout = 15_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
