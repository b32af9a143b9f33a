// @ts-check

/** The module, compiled once for a page's thread and all its workers. */
export async function compile() {
  const response = await fetch(new URL('./pkg/catholyte_bg.wasm', import.meta.url));
  if (!response.ok) throw new Error(`The simulator could not be loaded (HTTP ${response.status}).`);
  // Compiled while it arrives, if the server names its type.
  return response.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
