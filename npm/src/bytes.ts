/** Bytes that `bytes-as-text.mjs` made a text of. */
export interface BytesAsText {
  length: number;
  /** All bytes; a sign stands for the one at its place. */
  order: number[];
  signs: string;
  /** So many of the signs stand for a byte by themselves, the others with the sign behind them. */
  singles: number;
  text: string;
}

export function bytesOf({ length, order, signs, singles, text }: BytesAsText): Uint8Array<ArrayBuffer> {
  const places = new Uint8Array(128);
  for (let place = 0; place < signs.length; place++) places[signs.charCodeAt(place)] = place;
  const bytes = new Uint8Array(length);
  const next = (at: number): number => places[text.charCodeAt(at)] as number;
  for (let at = 0, to = 0; to < length; to++) {
    let place = next(at++);
    if (place >= singles) place = singles + (place - singles) * signs.length + next(at++);
    bytes[to] = order[place] as number;
  }
  return bytes;
}
