import type { BytesAsText } from "./src/bytes.js";

export function bytesAsText(bytes: Uint8Array): BytesAsText;
