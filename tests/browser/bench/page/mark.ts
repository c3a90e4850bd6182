/** What the benchmark reads: when the first message stood on screen, and how many there are. */
declare global {
  var bench: { begun: number; first?: number; length: number; last?: string | undefined };
}

globalThis.bench = { begun: 0, length: 0 };

export function begin(): void {
  bench.begun = performance.now();
  const look = () => {
    if (document.querySelector("article")) bench.first = performance.now() - bench.begun;
    else requestAnimationFrame(look);
  };
  look();
}

const asked = new URLSearchParams(location.search);
export const server = asked.get("server") ?? "";
/** Which rows to show: the web chat's, or plain ones. */
export const rows = asked.get("rows");

export async function token(): Promise<string> {
  const answer = await fetch(`${server}/dev/token?user=reader`);
  return ((await answer.json()) as { token: string }).token;
}
