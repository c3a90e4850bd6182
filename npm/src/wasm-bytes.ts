/** The module's bytes, inside the script: no second request, and nothing for a bundler to configure. */

import inside from "core.wasm?text";

import { bytesOf } from "./bytes.js";

export const wasmBytes = (): Uint8Array<ArrayBuffer> => bytesOf(inside);
