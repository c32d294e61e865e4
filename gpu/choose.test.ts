import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { QuernError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import type { LotteryBackend } from './backend.ts'
import { type Candidate, chooseAmong, chooseBackend, threadCounts } from './choose.ts'
import { createReferenceBackend } from './reference.ts'

interface Taking extends Candidate {
  /** Backends that are open. */
  readonly open: Set<LotteryBackend>
}

/** A candidate whose attempts take `ms`, or fail. */
function taking(name: Candidate['name'], threads: number, ms: number, failure?: Error): Taking {
  const open = new Set<LotteryBackend>()
  const create = (): LotteryBackend => {
    const backend: LotteryBackend = {
      name,
      attempt: async (_job, _attempt, signal) => {
        if (failure !== undefined) throw failure
        await sleep(ms, undefined, signal === undefined ? {} : { signal })
        return []
      },
      close: async () => {
        open.delete(backend)
      },
    }
    open.add(backend)
    return backend
  }
  return { name, threads, create, open }
}

describe('the choice of a backend', () => {
  test('falls on the fastest that works, and only that one stays open', async () => {
    const slow = taking('typescript', 1, 80)
    const fast = taking('wasm', 2, 5)
    const broken = taking('wasm', 4, 0, new QuernError('LOTTERY_BACKEND_FAILED', 'a thread has died'))
    const { name, threads, backend, trials } = await chooseAmong([slow, broken, fast])
    expect([name, threads]).toEqual(['wasm', 2])
    expect([...fast.open]).toEqual([backend])
    expect(slow.open.size + broken.open.size).toBe(0)
    expect(trials.map((trial) => [trial.name, trial.threads, 'failed' in trial && trial.failed.code])).toEqual([
      ['wasm', 2, false],
      ['typescript', 1, false],
      ['wasm', 4, 'LOTTERY_BACKEND_FAILED'],
    ])
  })

  test('says why nothing works', async () => {
    const broken = [1, 2].map((threads) => taking('wasm', threads, 0, new Error('no SIMD here')))
    await expect(chooseAmong(broken)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('no SIMD here'),
    })
    await expect(chooseAmong([])).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  test('is left by the signal, with nothing open behind it', async () => {
    const controller = new AbortController()
    const candidates = [taking('wasm', 1, 60_000), taking('wasm', 2, 60_000)]
    const choosing = chooseAmong(candidates, controller.signal)
    controller.abort(new Error('enough'))
    await expect(choosing).rejects.toThrow('enough')
    expect(candidates.map(({ open }) => open.size)).toEqual([0, 0])
  })

  test('is not made by trial where it was made by name', async () => {
    for (const backend of ['typescript', 'wasm'] as const) {
      const choice = await chooseBackend({ backend, threads: 1 })
      expect([choice.name, choice.threads, choice.trials]).toEqual([backend, 1, []])
      await choice.backend.close()
    }
    await expect(chooseBackend({ backend: 'abacus' })).rejects.toMatchObject({ code: 'BACKEND_UNKNOWN' })
    for (const threads of [0, 1.5, 65, Number.NaN]) {
      await expect(chooseBackend({ threads })).rejects.toMatchObject({ code: 'LOTTERY_THREADS' })
    }
  })

  test('tries powers of two of threads, and all cores', () => {
    expect(threadCounts(1)).toEqual([1])
    expect(threadCounts(2)).toEqual([1, 2])
    expect(threadCounts(12)).toEqual([1, 2, 4, 8, 12])
    expect(threadCounts(1_000).at(-1)).toBe(64)
  })
})

describe('the choice among the real backends', () => {
  const threads: Worker[] = []
  const seen = (thread: Worker): number => threads.push(thread)
  const running = (): Worker[] => threads.filter(({ threadId }) => threadId !== -1)
  beforeEach(() => {
    threads.length = 0
    process.on('worker', seen)
  })
  afterEach(() => {
    process.off('worker', seen)
    expect(running()).toEqual([])
  })

  test('tries all that run on processors, keeps the first of the list, and that one plays right', async () => {
    const { name, threads: count, backend, trials } = await chooseBackend()
    const onProcessors = trials
      .filter((trial) => trial.name !== 'webgpu')
      .map((trial) => `${trial.name} ${trial.threads}`)
    const counts = threadCounts(os.availableParallelism()).map((each) => `wasm ${each}`)
    expect(onProcessors.sort()).toEqual([...counts, 'typescript 1'].sort())
    const rates = trials.flatMap((trial) => ('macsPerSecond' in trial ? [trial.macsPerSecond] : []))
    // A graphics card's driver may be of no use; these always are.
    expect(rates.length).toBeGreaterThanOrEqual(onProcessors.length)
    expect(rates).toEqual(rates.toSorted((a, b) => b - a))
    expect(rates.at(-1)).toBeGreaterThan(0)
    expect([name, count]).toEqual([trials[0]?.name, trials[0]?.threads])

    const job = { seed: sha256(new Uint8Array(0)), n: 128, target: 2n ** 252n }
    const expected = await createReferenceBackend().attempt(job, 7)
    expect(expected.length).toBeGreaterThan(0)
    expect(await backend.attempt(job, 7)).toEqual(expected)
    if (name !== 'webgpu') expect(running().length).toBe(count)
    await backend.close()
  }, 30_000)

  test('is left by the signal, and no thread is left behind', async () => {
    const controller = new AbortController()
    const choosing = expect(chooseBackend({ signal: controller.signal })).rejects.toThrow('enough')
    while (threads.length === 0) await sleep(1)
    controller.abort(new Error('enough'))
    await choosing
  })
})
