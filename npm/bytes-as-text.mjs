// Bytes as text that compresses about as well as they do: most are one sign each, and the signs keep their borders.

/** Signs that neither strings nor pages treat in a way of their own. */
const SIGNS = Array.from({ length: 95 }, (_, place) => String.fromCharCode(0x20 + place)).filter(
  (sign) => !"\"'`\\<$".includes(sign),
);
/** So many of the signs, the last ones, stand before another one: 87 + 2 * 89 is enough for 256. */
const ESCAPES = 2;

/**
 * What `src/bytes.ts` reads back: `order` has the bytes, the most frequent one first. Each is the sign of its place,
 * and those for which no sign is left are two.
 */
export function bytesAsText(bytes) {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]++;
  const order = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a]);
  const singles = SIGNS.length - ESCAPES;
  const signs = new Array(256);
  order.forEach((byte, place) => {
    const beyond = place - singles;
    const escape = SIGNS[singles + Math.floor(beyond / SIGNS.length)];
    signs[byte] = beyond < 0 ? SIGNS[place] : escape + SIGNS[beyond % SIGNS.length];
  });
  return { length: bytes.length, order, signs: SIGNS.join(""), singles, text: Array.from(bytes, (byte) => signs[byte]).join("") };
}
