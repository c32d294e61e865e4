import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, test } from 'vitest'
import { hexKey, u32be } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { targetOf, wins } from '../../vm/compute/ticket.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { LotteryBackend, LotteryJob } from '../backend.ts'
import { createReferenceBackend } from '../reference.ts'
import { createWasmBackend } from './backend.ts'
import { loadWasmKernel } from './kernel.ts'

const reference = createReferenceBackend()
const single = createWasmBackend({ threads: 1 })
const double = createWasmBackend({ threads: 2 })
afterAll(() => Promise.all([single.close(), double.close()]))

/** Every ticket but one in 2^256 is below it: all tiles come back. */
const ALL = 2n ** 256n - 1n
const jobOf = (n: number, target: bigint, label = n): LotteryJob => ({ seed: sha256(u32be(label)), n, target })
/** One line each: thousands of them are compared faster than objects. */
const linesOf = async (backend: LotteryBackend, job: LotteryJob, attempt: number): Promise<string> =>
  (await backend.attempt(job, attempt)).map(({ tile, ticket }) => `${tile} ${hexKey(ticket)}`).join('\n')
const endless = jobOf(8192, 0n)

describe('wasm backend', () => {
  test('gives every tile the reference’s ticket, at every size', async () => {
    for (const n of [128, 256, 384, 512, 640, 1024]) {
      const expected = await linesOf(reference, jobOf(n, ALL), 0xffffffff)
      expect(expected.split('\n').length).toBe((n / 16) ** 2)
      expect(await linesOf(single, jobOf(n, ALL), 0xffffffff)).toBe(expected)
      expect(await linesOf(double, jobOf(n, ALL), 0xffffffff)).toBe(expected)
    }
  })

  test('gives every tile the reference’s ticket, at every Strassen level', async () => {
    const expected = await linesOf(reference, jobOf(512, ALL), 3)
    for (const level of [0, 1, 2, 3]) {
      const backend = createWasmBackend({ threads: 1, level })
      expect(await linesOf(backend, jobOf(512, ALL), 3)).toBe(expected)
      await backend.close()
    }
  })

  test('finds the reference’s winners, job after job', async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const job = jobOf(256, targetOf(256, 1n << 20n), attempt)
      expect(await double.attempt(job, attempt)).toEqual(await reference.attempt(job, attempt))
    }
  })

  test('tells a ticket at the target from one below it', async () => {
    const job = jobOf(128, ALL)
    const [tile] = await single.attempt(job, 1)
    const ticket = BigInt(`0x${Buffer.from(tile!.ticket).toString('hex')}`)
    const found = async (target: bigint) => (await single.attempt({ ...job, target }, 1)).map((win) => win.tile)
    expect(await found(ticket)).not.toContain(tile!.tile)
    expect(await found(ticket + 1n)).toContain(tile!.tile)
  })

  test('agrees with the verifier at n = 2048', async () => {
    const job = jobOf(2048, targetOf(2048, 256n * 2048n * 64n))
    const found = new Map((await double.attempt(job, 9)).map((win) => [win.tile, win.ticket]))
    expect(found.size).toBeGreaterThan(100)
    const kernel = loadWasmKernel()
    for (let tile = 5; tile < 128 ** 2; tile += 37) {
      const ticket = ticketOfTile(kernel, job.seed, 2048, { attempt: 9, tile })
      expect(found.get(tile)).toEqual(wins(ticket, job.target) ? ticket : undefined)
    }
    for (const [tile, ticket] of [...found].slice(0, 5)) {
      expect(ticketOfTile(referenceKernel, job.seed, 2048, { attempt: 9, tile })).toEqual(ticket)
    }
  })

  test('leaves an attempt by the reason of its signal and plays the next one right', async () => {
    for (const waitMs of [0, 1, 30]) {
      const controller = new AbortController()
      const running = double.attempt(endless, 0, controller.signal)
      setTimeout(() => controller.abort(new Error('enough')), waitMs)
      await expect(running).rejects.toThrow('enough')
      // Aborted again while the threads of the first one are still leaving.
      const second = new AbortController()
      const waiting = double.attempt(endless, 0, second.signal)
      second.abort(new Error('this one too'))
      await expect(waiting).rejects.toThrow('this one too')
      const job = jobOf(256, targetOf(256, 1n << 20n))
      expect(await double.attempt(job, 2)).toEqual(await reference.attempt(job, 2))
    }
    await expect(double.attempt(endless, 0, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  })

  test('takes one attempt at a time', async () => {
    const job = jobOf(256, ALL)
    const first = single.attempt(job, 3)
    await expect(single.attempt(job, 4)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_BUSY' })
    expect(await first).toEqual(await reference.attempt(job, 3))
  })

  test('refuses sizes it has no kernel for, and plays on', async () => {
    for (const n of [0, 9, 320, 8320, Number.NaN]) {
      await expect(single.attempt({ ...endless, n }, 0)).rejects.toMatchObject({
        code: 'LOTTERY_MATRIX_SIZE',
      })
    }
    expect(await single.attempt(jobOf(256, 0n), 0)).toEqual([])
  })

  test('ends what runs when it is closed', async () => {
    const other = createWasmBackend({ threads: 2 })
    const running = expect(other.attempt(endless, 0)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_CLOSED' })
    await other.close()
    await running
    await expect(other.attempt(endless, 0)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_CLOSED' })
  })

  test('fails as a whole when a thread dies, and leaves no thread behind', async () => {
    const threads: Worker[] = []
    const seen = (thread: Worker): number => threads.push(thread)
    process.on('worker', seen)
    const other = createWasmBackend({ threads: 2 })
    await other.attempt(jobOf(256, 0n), 0)
    process.off('worker', seen)
    expect(threads.length).toBe(2)
    const running = expect(other.attempt(endless, 1)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_FAILED' })
    const ends = threads.map((thread) => once(thread, 'exit'))
    await threads[0]!.terminate()
    await running
    await Promise.all(ends)
    await expect(other.attempt(endless, 2)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_FAILED' })
    await other.close()
  })
})
