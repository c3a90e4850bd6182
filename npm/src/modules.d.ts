declare module "core.wasm?hex" {
  const hex: string;
  export default hex;
}
declare module "roomcast/core.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
