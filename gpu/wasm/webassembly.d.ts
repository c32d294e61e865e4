/** As much of the WebAssembly JavaScript interface as is used here: the compiler's `lib` has it only together with the DOM. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }

  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } })
    readonly exports: unknown
  }

  class Memory {
    /** Sizes in pages of 64 KiB. */
    constructor(descriptor: { readonly initial: number; readonly maximum: number; readonly shared: true })
    /** A new object after each growth; an old one still covers what it covered. */
    readonly buffer: SharedArrayBuffer
    /** @throws RangeError above the maximum, or when there is no more memory */
    grow(pages: number): number
  }
}
