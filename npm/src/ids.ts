/** Ids of sends: UUIDv7, in the order in which they were made. */

let lastMs = 0;
let count = 0;

/** The next id. */
export function nextClientId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    count = 0;
  } else if (++count === 0x1000) {
    lastMs += 1;
    count = 0;
  }
  const random = randomHex(8);
  const time = lastMs.toString(16).padStart(12, "0");
  const variant = (0x8 | (parseInt(random[0]!, 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, "0")}-${variant}${random.slice(1, 4)}-${random.slice(4)}`;
}

/** Random bytes in hexadecimal. */
export function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
