import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { QuernError } from '../core/errors.ts'
import type { LotteryBackend } from './backend.ts'
import { type Candidate, chooseAmong, chooseBackend, threadCounts } from './choose.ts'

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
