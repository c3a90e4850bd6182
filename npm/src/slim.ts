/** For those who host `roomcast/core.wasm` themselves: the same, without the bytes inside. */

import { provideWasm } from "./wasm.js";
import type { WasmSource } from "./types.js";

/** Loads the module, once; to be awaited before the first chat connects. */
export async function init(
  source: WasmSource | URL | string | Response | Promise<Response | WasmSource>,
): Promise<void> {
  const given = await source;
  const loaded = typeof given === "string" || given instanceof URL ? await fetch(given) : given;
  const module =
    typeof Response === "function" && loaded instanceof Response
      ? await WebAssembly.compile(await loaded.arrayBuffer())
      : (loaded as WasmSource);
  provideWasm(() => module);
}

export * from "./api.js";
