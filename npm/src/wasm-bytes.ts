/** The module's bytes, inside the script: no second request, and nothing for a bundler to configure. */

import hex from "core.wasm?hex";

/** The bytes, by the platform's own decoder where there is one. */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const fromHex = (Uint8Array as unknown as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> }).fromHex;
  if (fromHex) return fromHex.call(Uint8Array, hex);
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = nibble(hex.charCodeAt(2 * i)) * 16 + nibble(hex.charCodeAt(2 * i + 1));
  return bytes;
}

const nibble = (code: number): number => (code < 58 ? code - 48 : code - 87);
