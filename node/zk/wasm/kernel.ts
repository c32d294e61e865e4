/**
 * Poseidon2 in WebAssembly with SIMD, to the bit what `purePoseidon2` computes and several times as fast. Compiled from
 * `assembly/` by `scripts/wasm.mjs`, beside this file in the sources and in the build alike.
 */
import fs from 'node:fs'
import {
  DIGEST_WORDS,
  encodeConstants,
  type LoadPoseidon2,
  purePoseidon2,
  RATE,
  WIDTH,
} from '../../../vm/zk/risc0/poseidon2.ts'

/** What `assembly/index.ts` exports; addresses in bytes. */
interface Exports {
  readonly STATE: { readonly value: number }
  readonly INPUT: { readonly value: number }
  permute(): void
  absorb(count: number): void
}

/** One page of 64 KiB: constants, state, input. */
const PAGES = 1
/** Words handed over at a time; the largest hash of a receipt has 2,636. */
const MAX_WORDS = 512 * RATE

let compiled: WebAssembly.Module | undefined

/** @throws where there is no WebAssembly with SIMD, or no built module */
function instantiate(memory: WebAssembly.Memory): Exports {
  compiled ??= new WebAssembly.Module(fs.readFileSync(new URL('./poseidon2.wasm', import.meta.url)))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports
}

/** @throws as `instantiate` */
export const wasmPoseidon2: LoadPoseidon2 = (constants) => {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true })
  const kernel = instantiate(memory)
  new Int32Array(memory.buffer).set(encodeConstants(constants))
  const state = new Int32Array(memory.buffer, kernel.STATE.value, WIDTH)
  const input = new Int32Array(memory.buffer, kernel.INPUT.value, MAX_WORDS)
  return {
    permute: (cells) => {
      state.set(cells)
      kernel.permute()
      cells.set(state)
    },
    hash: (words, from, count) => {
      state.fill(0)
      if (count === 0) kernel.permute()
      for (let at = from; at < from + count; at += MAX_WORDS) {
        const end = Math.min(from + count, at + MAX_WORDS)
        input.set(words.subarray(at, end))
        kernel.absorb(end - at)
      }
      return state.slice(0, DIGEST_WORDS)
    },
  }
}

/** The fastest Poseidon2 that runs here. */
export const loadPoseidon2: LoadPoseidon2 = (constants) => {
  try {
    return wasmPoseidon2(constants)
  } catch {
    return purePoseidon2(constants)
  }
}
