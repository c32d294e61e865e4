import { afterEach, describe, expect, test } from 'vitest'
import { hexKey } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { privateKeyToAddress } from '../core/secp256k1.ts'
import { EASY_PARAMS } from '../vm/compute/fixture.ts'
import type { LotteryBackend } from './backend.ts'
import { TestChain } from './fixture.ts'
import { createReferenceBackend } from './reference.ts'
import { type RunningWorker, startWorker, type WorkerOptions } from './worker.ts'
import type { WorkerEvent } from './worker-events.ts'

const privateKey = new Uint8Array(32).fill(0x11)
const running: RunningWorker[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()))
})

interface Watched {
  readonly worker: RunningWorker
  readonly events: WorkerEvent[]
  /** Resolves once `count` events of this type have come. */
  until(type: WorkerEvent['type'], count?: number): Promise<void>
}

function start(client: TestChain, options: Partial<WorkerOptions> = {}): Watched {
  const events: WorkerEvent[] = []
  const waiting = new Set<() => void>()
  const worker = startWorker({
    client,
    backends: [createReferenceBackend()],
    privateKey,
    matrixSize: 256,
    firstAttempt: 0,
    pollMs: 2,
    ...options,
    onEvent: (event) => {
      events.push(event)
      for (const check of waiting) check()
    },
  })
  running.push(worker)
  const until: Watched['until'] = (type, count = 1) =>
    new Promise((resolve) => {
      const check = (): void => {
        if (events.filter((event) => event.type === type).length >= count) {
          waiting.delete(check)
          resolve()
        }
      }
      waiting.add(check)
      check()
    })
  return { worker, events, until }
}

/** Wins a given number of tiles in the first attempt, none later. */
const winningOnce = (ticket: Uint8Array, tiles = 1): LotteryBackend => {
  let played = false
  return {
    name: 'test',
    attempt: async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (played) return []
      played = true
      return Array.from({ length: tiles }, (_, tile) => ({ tile, ticket }))
    },
    close: async () => undefined,
  }
}

const claimOf = ({ action }: TestChain['received'][number]['transaction']): string =>
  action.kind === 'SUBMIT_RESULT' ? `${action.seedHeight}/${action.matrixSize}/${action.result.nonce}` : ''

describe('worker', () => {
  test('finds results that the chain accepts, each once', async () => {
    const chain = new TestChain()
    const { worker, until } = start(chain)
    await until('accepted', 12)
    await worker.stop()
    expect(worker.address).toEqual(privateKeyToAddress(privateKey))
    expect(new Set(chain.received.map(({ code }) => code))).toEqual(new Set(['accepted']))
    const claims = chain.received.map(({ transaction }) => claimOf(transaction))
    expect(new Set(claims).size).toBe(claims.length)
    for (const { transaction } of chain.received) expect(transaction.from).toEqual(worker.address)
    const stats = worker.stats()
    expect(stats.accepted).toBeGreaterThanOrEqual(12)
    expect(stats.submitted).toBe(chain.received.length)
    expect(stats.macs).toBe(stats.attempts * 256 ** 3)
    expect(stats.rejected + stats.late).toBe(0)
  })

  test('moves to a newer block after a quarter of the window, not before', async () => {
    const chain = new TestChain(30)
    const { events, until } = start(chain)
    const seeds = (): number[] => events.flatMap((event) => (event.type === 'seeded' ? [event.seedHeight] : []))
    await until('accepted')
    const quarter = EASY_PARAMS.seedWindowBlocks / 4
    chain.height = 30 + quarter - 1
    await until('accepted', 10)
    expect(seeds()).toEqual([30])
    chain.height = 30 + quarter
    await until('seeded', 2)
    expect(seeds()).toEqual([30, 30 + quarter])
    // A chain that went back was reset: its blocks are other ones.
    chain.height = 20
    await until('seeded', 3)
    expect(seeds()[2]).toBe(20)
  })

  test('gives up an attempt whose block has become too old', async () => {
    const chain = new TestChain(30)
    const played: { aborted: boolean }[] = []
    const endless: LotteryBackend = {
      name: 'endless',
      attempt: (_, __, signal) => {
        const entry = { aborted: false }
        played.push(entry)
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            entry.aborted = true
            reject(signal.reason)
          })
        })
      },
      close: async () => undefined,
    }
    const { until } = start(chain, { backends: [endless] })
    await until('seeded')
    // A new seed alone leaves the running attempt to its end.
    chain.height = 36
    await until('seeded', 2)
    expect(played.map(({ aborted }) => aborted)).toEqual([false])
    chain.height = 46
    await until('seeded', 3)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(played.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  test('reports a refused result with its code and goes on', async () => {
    const chain = new TestChain()
    const { worker, events, until } = start(chain, { backends: [winningOnce(new Uint8Array(32))] })
    await until('rejected')
    expect(events.find((event) => event.type === 'rejected')).toMatchObject({
      tag: 'RESULT_HASH_MISMATCH',
      found: { seedHeight: 30, matrixSize: 256, attempt: 0, tile: 0 },
    })
    chain.refuseSends.push({ tag: 'RESULT_ALREADY_CLAIMED' })
    expect(worker.stats()).toMatchObject({ submitted: 1, rejected: 1, accepted: 0 })
  })

  test('a verdict of the node on the result itself is not argued with', async () => {
    const chain = new TestChain()
    chain.refuseSends.push({ tag: 'RESULT_ALREADY_CLAIMED' })
    const { events, until } = start(chain, { backends: [winningOnce(new Uint8Array(32))] })
    await until('rejected')
    expect(events.filter((event) => event.type === 'trouble')).toEqual([])
    expect(chain.received).toEqual([])
  })

  test('counts a result as late once its height has left the window without it', async () => {
    const chain = new TestChain(30)
    chain.heldBack = true
    const { worker, until } = start(chain, { backends: [winningOnce(new Uint8Array(32), 3)] })
    await until('submitted', 3)
    chain.height = 30 + EASY_PARAMS.seedWindowBlocks
    await until('seeded', 2)
    // Two looks at the last height that may still include them.
    const enough = chain.noncesAsked + 2
    while (chain.noncesAsked < enough) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(worker.stats()).toMatchObject({ late: 0, pending: 3 })
    chain.height++
    await until('late', 3)
    expect(worker.stats()).toMatchObject({ submitted: 3, late: 3, accepted: 0, rejected: 0, pending: 0 })
    expect(worker.stats().lateBy).toEqual({ WINDOW_PASSED: 3 })
  })

  test('goes on computing while nothing can be sent, and sends it when it can', async () => {
    const chain = new TestChain()
    const { worker, until, events } = start(chain)
    await until('accepted', 2)
    chain.down = true
    const { found } = worker.stats()
    while (worker.stats().found < found + 20) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(worker.stats().queued).toBeGreaterThan(15)
    chain.down = false
    await until('accepted', found + 20)
    expect(events.some((event) => event.type === 'trouble' && event.tag === 'RPC_UNREACHABLE')).toBe(true)
    expect(worker.stats()).toMatchObject({ rejected: 0, late: 0 })
  })

  test('begins anew with a chain that was reset, even one that is as high by then', async () => {
    const chain = new TestChain(30)
    chain.heldBack = true
    const { worker, events, until } = start(chain)
    await until('submitted', 3)
    chain.reset(31)
    chain.release()
    await until('reset')
    await until('accepted', 2)
    const { lateBy, rejected } = worker.stats()
    expect(lateBy.CHAIN_RESET).toBeGreaterThanOrEqual(3)
    expect(rejected).toBe(0)
    expect(chain.received[0]?.transaction.nonce).toBe(0)
    expect(events.flatMap((event) => (event.type === 'seeded' ? [event.seedHeight] : []))).toEqual([30, 31])
  })

  test('does not follow its node to a chain with another id', async () => {
    const chain = new TestChain()
    const { worker, until } = start(chain)
    await until('accepted')
    chain.chainId++
    chain.reset(30)
    await expect(worker.done).rejects.toMatchObject({ code: 'WORKER_CHAIN_CHANGED' })
  })

  test('keeps several devices at work, on different attempts, and goes on without one that fails', async () => {
    const chain = new TestChain()
    const played: number[] = []
    const counting = (name: string, failAfter: number): LotteryBackend => {
      const real = createReferenceBackend()
      let left = failAfter
      return {
        ...real,
        name,
        attempt: (job, attempt, signal) => {
          if (left-- === 0) return Promise.reject(new QuernError('DEVICE_LOST', 'unplugged'))
          played.push(attempt)
          return real.attempt(job, attempt, signal)
        },
      }
    }
    const { worker, events, until } = start(chain, { backends: [counting('one', 1e9), counting('two', 3)] })
    await until('device-failed')
    await until('accepted', 20)
    expect(new Set(played).size).toBe(played.length)
    const [one, two] = worker.stats().devices
    expect(one).toMatchObject({ name: 'one', failed: undefined })
    expect(two).toMatchObject({ name: 'two', attempts: 3, failed: 'DEVICE_LOST', macsPerSecond: 0 })
    expect(worker.stats().attempts).toBe((one?.attempts ?? 0) + 3)
    expect(events.find((event) => event.type === 'device-failed')).toMatchObject({ device: 'two', tag: 'DEVICE_LOST' })
  })

  test('announces the next attempt to a backend that can begin it, and asks for no other unless the search moves', async () => {
    const chain = new TestChain(30)
    const announced: string[] = []
    const asked: string[] = []
    const real = createReferenceBackend()
    const eager: LotteryBackend = {
      ...real,
      attempt: (job, attempt, signal) => {
        asked.push(`${hexKey(job.seed)} ${attempt}`)
        return real.attempt(job, attempt, signal)
      },
      prefetch: (job, attempt) => announced.push(`${hexKey(job.seed)} ${attempt}`),
    }
    const { until } = start(chain, { backends: [eager] })
    await until('accepted', 8)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.slice(1)).toEqual(announced.slice(0, asked.length - 1))
    chain.height = 36
    await until('seeded', 2)
    await until('accepted', 24)
    expect(asked.filter((attempt) => !announced.includes(attempt)).length).toBe(2)
  })

  test('works at once when it is told of a block, and does not poll meanwhile', async () => {
    const chain = new TestChain(30)
    let tell = (): void => undefined
    const watched = Object.assign(chain, {
      watchHeads: (onHead: () => void) => {
        tell = onHead
        return { isLive: () => true }
      },
    })
    const { events, until } = start(watched, { pollMs: 60_000 })
    await until('accepted')
    chain.height = 36
    tell()
    await until('seeded', 2)
    expect(events.filter((event) => event.type === 'seeded').length).toBe(2)
  })

  test('waits for a silent chain, longer each time', async () => {
    const chain = new TestChain()
    chain.silentWork = 2
    const { events, until } = start(chain)
    await until('accepted')
    const waits = events.flatMap((event) => (event.type === 'trouble' ? [event.retryMs] : []))
    expect(waits).toEqual([250, 500])
  })

  test('stops while the node hangs, while it waits, and in the middle of an attempt', async () => {
    const hanging = new TestChain()
    hanging.hang = true
    const waiting = new TestChain()
    waiting.silentWork = 1_000
    const workers = [
      start(hanging),
      start(waiting),
      start(new TestChain(), { matrixSize: 512 }),
      start(new TestChain(), { dutyCycle: 0.001 }),
    ]
    await workers[2]?.until('seeded')
    await workers[3]?.until('accepted')
    for (const { worker } of workers) {
      await worker.stop()
      await expect(worker.done).resolves.toBeUndefined()
      const { attempts } = worker.stats()
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(worker.stats().attempts).toBe(attempts)
    }
  })

  test('cannot run with a size the chain does not list, or a backend that fails', async () => {
    await expect(start(new TestChain(), { matrixSize: 300 }).worker.done).rejects.toMatchObject({
      code: 'WORKER_MATRIX_SIZE',
    })
    const broken: LotteryBackend = {
      name: 'broken',
      attempt: () => Promise.reject(new Error('no device')),
      close: async () => undefined,
    }
    await expect(start(new TestChain(), { backends: [broken] }).worker.done).rejects.toThrow('no device')
  })
})
