/** The one module that all chats of a page share, and how it comes in. */

import { Core, __wbg_reset_state, initSync } from "../wasm/core.js";
import type { WasmSource } from "./types.js";

let source: (() => WasmSource) | undefined;
let ready = false;
let generation = 0;

/** Says where the module comes from; nothing is compiled before the first core is made. */
export function provideWasm(from: () => WasmSource): void {
  source ??= from;
}

/** A new core, and the number of the module's life that it belongs to. */
export function newCore(...args: ConstructorParameters<typeof Core>): { core: Core; generation: number } {
  if (!ready) {
    if (!source) throw new Error('unable to begin; with "roomcast/slim", await init() first');
    initSync({ module: source() });
    ready = true;
  }
  return { core: new Core(...args), generation };
}

/** After a crash nothing in the module can be trusted: it begins anew, once for all cores that lived in it. */
export function resetWasm(life: number): void {
  if (life !== generation) return;
  generation += 1;
  __wbg_reset_state();
}

export type { Core };
