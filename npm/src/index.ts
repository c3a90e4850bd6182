/** Roomcast in the browser and in Node: everything inside, nothing to configure. */

import { provideWasm } from "./wasm.js";
import { wasmBytes } from "./wasm-bytes.js";

provideWasm(wasmBytes);

export * from "./api.js";
