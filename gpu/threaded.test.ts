import { afterAll, describe, expect, test } from 'vitest'
import { targetOf } from '../vm/compute/ticket.ts'
import { createReferenceBackend } from './reference.ts'
import { createThreadedBackend } from './threaded.ts'

const backend = createThreadedBackend()
const job = { seed: new Uint8Array(32).fill(3), n: 256, target: targetOf(256, 1n << 20n) }

afterAll(() => backend.close())

describe('threaded backend', () => {
  test('answers like the reference', async () => {
    for (const attempt of [0, 1, 0xffffffff]) {
      const expected = await createReferenceBackend().attempt(job, attempt)
      expect(expected.length).toBeGreaterThan(0)
      expect(await backend.attempt(job, attempt)).toEqual(expected)
    }
  })

  test('plays on after an aborted attempt, whose late answer is nobody else’s', async () => {
    const controller = new AbortController()
    const long = backend.attempt({ ...job, n: 8192 }, 0, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(long).rejects.toThrow('enough')
    expect(await backend.attempt(job, 2)).toEqual(await createReferenceBackend().attempt(job, 2))
    await expect(backend.attempt(job, 2, controller.signal)).rejects.toThrow('enough')
  })

  test('takes one attempt at a time', async () => {
    const first = backend.attempt(job, 3)
    await expect(backend.attempt(job, 4)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_BUSY' })
    expect(await first).toEqual(await createReferenceBackend().attempt(job, 3))
  })

  test('says what failed in the thread', async () => {
    // 24 rows make no whole keystream block at this size.
    await expect(backend.attempt({ ...job, n: 9 }, 0)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_FAILED' })
  })

  test('ends what runs when it is closed', async () => {
    const other = createThreadedBackend()
    const running = other.attempt({ ...job, n: 8192 }, 0)
    const settled = expect(running).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_CLOSED' })
    await other.close()
    await settled
    await expect(other.attempt(job, 0)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_CLOSED' })
  })
})
