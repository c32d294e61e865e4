/**
 * The verifier's tile kernel in WebAssembly: what `referenceKernel` computes, in a quarter of a millisecond at n = 8192.
 * Synchronous, with 1 MiB of memory of its own. PROTOCOL 6.2.
 */
import { QuernError } from '../../core/errors.ts'
import { TILE_SIDE } from '../../vm/compute/matrix.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { createMemory, growTo, instantiate, lotteryModule, PAGE_BYTES } from './module.ts'

const TILE_ENTRIES = TILE_SIDE * TILE_SIDE
/** The first page holds the module's constants. */
const KEYS = PAGE_BYTES
const TILE = KEYS + 64
const WORK = TILE + 4 * TILE_ENTRIES
/** The largest size of any chain; its rows need 768 KiB. */
const MAX_SIZE = 8_192
/** Those rows, packed, and everything beside them. */
const MAX_BYTES = 2 << 20

/** @throws QuernError `WASM_UNAVAILABLE`, `WASM_MEMORY`; the kernel itself never throws */
export function loadWasmKernel(): TileKernel {
  const module = lotteryModule()
  const memory = createMemory(WORK, MAX_BYTES)
  const lottery = instantiate(module, memory)
  return {
    tile: (keyA, keyB, n, tileRow, tileColumn) => {
      // No chain lists such sizes, but what a kernel refuses must not depend on the kernel.
      if (n % TILE_SIDE !== 0 || n > MAX_SIZE) return referenceKernel.tile(keyA, keyB, n, tileRow, tileColumn)
      growTo(memory, WORK + lottery.tileWorkBytes(n))
      const bytes = new Uint8Array(memory.buffer)
      bytes.set(keyA, KEYS)
      bytes.set(keyB, KEYS + 32)
      lottery.tile(KEYS, n, tileRow, tileColumn, TILE, WORK)
      return new Int32Array(memory.buffer, TILE, TILE_ENTRIES).slice()
    },
  }
}

/** The fastest kernel that runs here: WebAssembly, or plain TypeScript where that is switched off. Both agree to the bit. */
export function loadTileKernel(): TileKernel {
  try {
    return loadWasmKernel()
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    return referenceKernel
  }
}
