/** Where WebAssembly may not be compiled at run time, the platform brings the module. */

import module from "roomcast/core.wasm";

import { provideWasm } from "./wasm.js";

provideWasm(() => module);

export * from "./api.js";
