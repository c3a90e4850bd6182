declare module "core.wasm?text" {
  const inside: import("./bytes.js").BytesAsText;
  export default inside;
}
declare module "roomcast/core.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
