/**
 * The lottery's WebAssembly module: compiled from `assembly/` by `scripts/wasm.mjs`, 9 KB, beside this file in the sources
 * and in the build alike. It needs SIMD, threads and bulk memory, which every Node.js we run on has unless
 * WebAssembly is switched off (`node --jitless`).
 */
import fs from 'node:fs'
import { QuernError } from '../../core/errors.ts'

/** What `assembly/index.ts` exports; addresses and sizes in bytes. */
export interface LotteryExports {
  readonly MAX_LEVEL: { readonly value: number }
  readonly WIN_BYTES: { readonly value: number }
  regionBytes(n: number, level: number, group: number): number
  play(n: number, level: number, group: number, columns: number, wins: number, region: number): number
  productWorkBytes(n: number, level: number): number
  product(n: number, level: number, a: number, b: number, out: number, work: number): void
  tileWorkBytes(n: number): number
  tile(keys: number, n: number, tileRow: number, tileColumn: number, out: number, work: number): void
  multiply(n: number, a: number, b: number, out: number, rounds: number): void
}

export const PAGE_BYTES = 65_536
/** 4 GiB, all that 32-bit addresses reach. Address space only: pages are taken when they are first written. */
const MAX_PAGES = 65_536

let compiled: WebAssembly.Module | undefined

/** @throws QuernError `WASM_UNAVAILABLE` */
export function lotteryModule(): WebAssembly.Module {
  if (compiled !== undefined) return compiled
  if (typeof WebAssembly === 'undefined') {
    throw new QuernError('WASM_UNAVAILABLE', 'WebAssembly is switched off here: start Node.js without --jitless')
  }
  let bytes: Uint8Array
  try {
    bytes = fs.readFileSync(new URL('./lottery.wasm', import.meta.url))
  } catch (cause) {
    throw new QuernError('WASM_UNAVAILABLE', 'lottery.wasm has not been built: run `npm run build`', {}, { cause })
  }
  try {
    compiled = new WebAssembly.Module(bytes)
  } catch (cause) {
    throw new QuernError(
      'WASM_UNAVAILABLE',
      'this machine runs no WebAssembly with SIMD and threads: use --backend typescript',
      {},
      { cause },
    )
  }
  return compiled
}

/** @throws QuernError `WASM_MEMORY` when there is no room to grow to `maxBytes` */
export function createMemory(bytes: number, maxBytes = MAX_PAGES * PAGE_BYTES): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pagesOf(bytes), maximum: pagesOf(maxBytes), shared: true })
  } catch (cause) {
    throw noRoom(maxBytes, cause)
  }
}

const pagesOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / PAGE_BYTES))

/** @throws QuernError `WASM_MEMORY` when there is no room for it */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = pagesOf(bytes) - memory.buffer.byteLength / PAGE_BYTES
  if (missing <= 0) return
  try {
    memory.grow(missing)
  } catch (cause) {
    throw noRoom(bytes, cause)
  }
}

const noRoom = (bytes: number, cause: unknown): QuernError => {
  const advice = 'choose a smaller matrix size or fewer threads'
  return new QuernError(
    'WASM_MEMORY',
    `the lottery needs ${Math.ceil(bytes / 2 ** 20)} MiB: ${advice}`,
    { bytes },
    { cause },
  )
}

/** An instance is for one thread at a time; instances share what they work on through `memory`. */
export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): LotteryExports =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as LotteryExports
