/** Many seeds, on several threads. Results come in the order in which they are done. */
import type { Worker } from 'node:worker_threads'
import { QuernError } from '../../core/errors.ts'
import { endThread, spawnThread } from '../../gpu/spawn.ts'
import { type Run, type RunResult, runSeed } from './sim.ts'

export interface SeedRange {
  readonly from: number
  readonly count: number
  /** Of each run; drawn by each where it is not given. */
  readonly validators?: number | undefined
}

/** Young objects live as long as a message travels, and layers of blocks as long as two: with room for them little is copied. */
const YOUNG_GENERATION_MB = 192

/** Seeds one after another, until all are done or `take` says that it has enough. */
async function runHere({ from, count, validators }: SeedRange, take: (result: RunResult) => boolean): Promise<void> {
  for (let seed = from; seed < from + count; seed++) if (!take(await runSeed({ seed, validators }))) return
}

/**
 * @param jobs threads, each with room for young objects, which a single run on this one does without
 * @param take false when no more seeds are wanted
 * @param interrupted resolves when no more are to be begun; those under way are given up at their next pause
 */
export async function runSeeds(
  range: SeedRange,
  jobs: number,
  take: (result: RunResult) => boolean,
  interrupted?: Promise<void>,
): Promise<void> {
  if (range.count === 1) return runHere(range, take)
  const end = range.from + range.count
  let next = range.from
  const workers: Worker[] = []
  const drive = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const send = (): void => {
        if (next < end) worker.postMessage({ seed: next++, validators: range.validators } satisfies Run)
        else resolve()
      }
      worker.on('message', (result: RunResult) => {
        if (!take(result)) next = end
        send()
      })
      worker.on('error', reject)
      worker.on('exit', () =>
        reject(new QuernError('SIM_THREAD', 'a simulator thread ended early: run again with --jobs 1')),
      )
      send()
    })
  try {
    for (let i = 0; i < Math.min(Math.max(1, jobs), range.count); i++) {
      const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB }
      workers.push(spawnThread(import.meta.url, './sim.worker', { resourceLimits }))
    }
    await Promise.race([Promise.all(workers.map(drive)), ...(interrupted === undefined ? [] : [interrupted])])
  } finally {
    await Promise.all(workers.map((worker) => endThread(worker, null)))
  }
}
