/** What the WASM kernel's multiplication alone reaches: the yardstick of whole attempts, which draw, fold and hash as well. */
import { createMemory, instantiate, lotteryModule, PAGE_BYTES } from './module.ts'

/** Two panels of 16 rows and their product, after the page that holds the module's constants. */
const panelBytes = (n: number): number => 32 * n
const PRODUCT_BYTES = 1_024
/** About 20 ms at the rates of one core. */
const BURST_MACS = 1e9

/**
 * MAC/s of one thread at matrix size `n`, the best of several bursts; it occupies the calling thread for `measureMs`.
 * @throws QuernError `WASM_UNAVAILABLE`
 */
export function bareMacsPerSecond(n: number, measureMs = 100): number {
  const memory = createMemory(PAGE_BYTES + 2 * panelBytes(n) + PRODUCT_BYTES)
  const lottery = instantiate(lotteryModule(), memory)
  const rounds = Math.max(1, Math.round(BURST_MACS / (256 * n)))
  const macs = 256 * n * rounds
  const b = PAGE_BYTES + panelBytes(n)
  let best = 0
  for (let spentMs = 0; spentMs < measureMs; ) {
    const startMs = performance.now()
    lottery.multiply(n, PAGE_BYTES, b, b + panelBytes(n), rounds)
    const tookMs = Math.max(0.001, performance.now() - startMs)
    best = Math.max(best, (macs * 1_000) / tookMs)
    spentMs += tookMs
  }
  return best
}
