import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LotteryBackend } from './backend.ts'
import { estimateSizes } from './matrix-size.ts'

/** Takes `ms(n)` and counts the attempts per size. */
function backendTaking(ms: (n: number) => number): LotteryBackend & { readonly sizes: Set<number> } {
  const sizes = new Set<number>()
  return {
    name: 'test',
    sizes,
    attempt: async (job, _, signal) => {
      sizes.add(job.n)
      await sleep(ms(job.n), undefined, signal === undefined ? {} : { signal })
      return []
    },
    close: async () => undefined,
  }
}

test('leaves out sizes whose attempts would take too long, but never the smallest', async () => {
  const slow = backendTaking((n) => 130 * (n / 256) ** 3)
  const estimates = await estimateSizes(slow, [512, 256, 8192])
  expect(estimates.map(({ n }) => n)).toEqual([256])
  expect([...slow.sizes]).toEqual([256])
})

test('puts the fastest size first', async () => {
  // The same duration at every size: the largest does most work in it.
  const estimates = await estimateSizes(
    backendTaking(() => 20),
    [256, 512, 1024],
  )
  expect(estimates.map(({ n }) => n)).toEqual([1024, 512, 256])
})

test('stops when it is told to', async () => {
  const controller = new AbortController()
  const running = estimateSizes(
    backendTaking(() => 60_000),
    [256],
    controller.signal,
  )
  controller.abort()
  await expect(running).rejects.toThrow()
})
