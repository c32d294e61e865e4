/** Which matrix size this machine earns most with: a win is worth D at every n, so the fastest multiply rate decides. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256 } from '../core/hash.ts'
import type { LotteryBackend } from './backend.ts'

/** Two attempts per size make the estimate; the first pays for compilation and cold caches. */
const ROUNDS = 2
/** Sizes whose attempt would take longer are left out: their results would come in bursts and often too late. */
const MAX_ATTEMPT_MS = 500

export interface SizeEstimate {
  readonly n: number
  readonly macsPerSecond: number
}

async function timeAttempt(backend: LotteryBackend, n: number, signal: AbortSignal | undefined): Promise<number> {
  // A target of zero never wins, so nothing comes of the attempt but its duration.
  const job = { seed: sha256(new Uint8Array(0)), n, target: 0n }
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now()
    await backend.attempt(job, round, signal)
    bestMs = Math.min(bestMs, performance.now() - startMs)
    await sleep(0)
  }
  return bestMs
}

/**
 * Measures the sizes in ascending order until an attempt is predicted to take longer than MAX_ATTEMPT_MS (work grows
 * with n^3). The smallest size is always measured.
 * @returns the estimates, fastest first
 */
export async function estimateSizes(
  backend: LotteryBackend,
  sizes: readonly number[],
  signal?: AbortSignal,
): Promise<readonly SizeEstimate[]> {
  const estimates: SizeEstimate[] = []
  let macsPerSecond = Number.POSITIVE_INFINITY
  for (const n of [...sizes].sort((a, b) => a - b)) {
    if (estimates.length > 0 && (n ** 3 / macsPerSecond) * 1_000 > MAX_ATTEMPT_MS) break
    macsPerSecond = n ** 3 / ((await timeAttempt(backend, n, signal)) / 1_000)
    estimates.push({ n, macsPerSecond })
  }
  return estimates.sort((a, b) => b.macsPerSecond - a.macsPerSecond)
}
