/** Which matrix size this machine earns most with: a win is worth D at every n, so the fastest multiply rate decides. */
import { sha256 } from '../core/hash.ts'
import type { LotteryBackend, LotteryJob } from './backend.ts'

/** Each size plays at least this long: the compiler needs about half of it before the rate is the lasting one. */
const MEASURE_MS = 120
/** Sizes whose attempt would take longer are left out: their results would come in bursts and often too late. */
const MAX_ATTEMPT_MS = 500

export interface SizeEstimate {
  readonly n: number
  readonly macsPerSecond: number
}

/** A target of zero never wins, so nothing comes of the attempt but its duration. */
const trialJob = (n: number): LotteryJob => ({ seed: sha256(new Uint8Array(0)), n, target: 0n })

/** The fastest attempt of the measurement, in ms: anything else on this machine only ever makes one slower. */
async function timeAttempt(backend: LotteryBackend, n: number, signal: AbortSignal | undefined): Promise<number> {
  const job = trialJob(n)
  let bestMs = Number.POSITIVE_INFINITY
  let spentMs = 0
  for (let attempt = 0; spentMs < MEASURE_MS; attempt++) {
    const startMs = performance.now()
    await backend.attempt(job, attempt, signal)
    // The clock is coarse in some builds of Node; a duration of zero would divide by zero below.
    const tookMs = Math.max(0.001, performance.now() - startMs)
    bestMs = Math.min(bestMs, tookMs)
    spentMs += tookMs
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
  const ascending = [...sizes].sort((a, b) => a - b)
  // Threads start and code is compiled during the first attempt: it says nothing about the next ones.
  if (ascending[0] !== undefined) await backend.attempt(trialJob(ascending[0]), 0, signal)
  let macsPerSecond = Number.POSITIVE_INFINITY
  for (const n of ascending) {
    if (estimates.length > 0 && (n ** 3 / macsPerSecond) * 1_000 > MAX_ATTEMPT_MS) break
    macsPerSecond = n ** 3 / ((await timeAttempt(backend, n, signal)) / 1_000)
    estimates.push({ n, macsPerSecond })
  }
  return estimates.sort((a, b) => b.macsPerSecond - a.macsPerSecond)
}
