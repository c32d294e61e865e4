import { afterEach, describe, expect, test } from 'vitest'
import { equalBytes } from '../../core/bytes.ts'
import { QuernError, type Result } from '../../core/errors.ts'
import { decodeEnvelope, decodeTransaction, encodeEnvelope } from '../../vm/transaction/envelope.ts'
import { signEip1559Transfer, signLegacyTransfer, signNative } from '../../vm/transaction/sign.ts'
import { packRequests, requestCount, unpackAnswers } from './packed.ts'
import { InlineRecoverer, type Recoverer, WorkerRecoverer } from './recoverer.ts'
import { SignaturePool, type SignaturePoolOptions } from './signature-pool.ts'

const CHAIN_ID = 26_180
const KEY = new Uint8Array(32).fill(7)
const TO = new Uint8Array(20).fill(9)
const fields = { chainId: CHAIN_ID, nonce: 0, maxPriorityFeePerGas: 1n, maxFeePerGas: 2_000n }
/** Signed once: signing is the slow part of these tests. */
const TRANSFERS: readonly Uint8Array[] = Array.from({ length: 160 }, (_, nonce) =>
  signEip1559Transfer({ ...fields, nonce, to: TO, value: 5n }, KEY),
)
const transfer = (nonce: number) => TRANSFERS[nonce]!.slice()

/** 5 is no x coordinate of the curve, so no key fits; r and s are in range all the same. */
const withoutKey = () => encodeEnvelope(decodeEnvelope(transfer(0), CHAIN_ID), { r: 5n, s: 1n, yParity: 0 })

const ENVELOPES: readonly Uint8Array[] = [
  transfer(0),
  signLegacyTransfer({ chainId: CHAIN_ID, nonce: 0, gasPrice: 2_000n, to: TO, value: 0n }, KEY),
  signNative({ ...fields, action: { kind: 'UNJAIL' } }, KEY),
  withoutKey(),
  new Uint8Array(0),
  Uint8Array.of(0x71, 0xc0),
  transfer(1).subarray(0, 50),
  signEip1559Transfer({ ...fields, chainId: 1, to: TO, value: 5n }, KEY),
  signEip1559Transfer({ ...fields, maxPriorityFeePerGas: 9_000n, to: TO, value: 5n }, KEY),
]

function decoded(raw: Uint8Array): unknown {
  try {
    return { ok: true, value: decodeTransaction(raw, CHAIN_ID) }
  } catch (error) {
    return error instanceof QuernError ? error.code : error
  }
}

const outcome = (result: Result<unknown>): unknown => (result.ok ? result : result.error.code)

const pools: SignaturePool[] = []
function open(options: Partial<SignaturePoolOptions> = {}, recoverers?: readonly Recoverer[]): SignaturePool {
  const pool = new SignaturePool({ chainId: CHAIN_ID, workers: 0, ...options }, recoverers)
  pools.push(pool)
  return pool
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

/** Answers, or dies, only when told to. */
class HeldRecoverer implements Recoverer {
  readonly batchSizes: number[] = []
  readonly #inline = new InlineRecoverer()
  #release: ((alive: boolean) => void) | undefined
  isStopped = false

  async run(packed: Uint8Array): Promise<Uint8Array> {
    this.batchSizes.push(requestCount(packed))
    const alive = await new Promise<boolean>((resolve) => {
      this.#release = resolve
    })
    if (!alive) throw new QuernError('WORKER_DIED', 'died')
    return this.#inline.run(packed)
  }

  /** Resolves once a batch has come. */
  async hasBatch(): Promise<void> {
    while (this.#release === undefined) await new Promise((resolve) => setImmediate(resolve))
  }

  async release(alive = true): Promise<void> {
    await this.hasBatch()
    const release = this.#release
    this.#release = undefined
    release?.(alive)
  }

  async stop(): Promise<void> {
    this.isStopped = true
  }
}

test.each([
  ['on this thread', 0],
  ['in threads', 2],
])('%s it answers as decodeTransaction does, in order', async (_, workers) => {
  const pool = open({ workers })
  const results = await Promise.all(ENVELOPES.map((raw) => pool.recover(raw)))
  expect(results.map(outcome)).toEqual(ENVELOPES.map(decoded))
  expect(results.map((result) => result.ok)).toEqual([true, true, true, ...Array(6).fill(false)])
  expect((await pool.recoverBlock(ENVELOPES)).map(outcome)).toEqual(ENVELOPES.map(decoded))

  const many = await pool.recoverBlock(TRANSFERS)
  expect(many.map((result) => result.ok && result.value.nonce)).toEqual(TRANSFERS.map((_, nonce) => nonce))
  const { from } = decodeTransaction(transfer(0), CHAIN_ID)
  expect(many.every((result) => result.ok && equalBytes(from, result.value.from))).toBe(true)
  expect(pool.stats).toEqual({ waiting: 0, waitingBytes: 0, crashes: 0, answered: 168 })
})

test('a transaction owns its bytes', async () => {
  const wire = Buffer.concat([new Uint8Array(1_000), transfer(0)])
  const raw = wire.subarray(1_000)
  const result = await open().recover(raw)
  raw.fill(0)
  expect(result.ok && result.value.raw).toEqual(transfer(0))
  expect(result.ok && result.value.raw.buffer.byteLength).toBe(raw.length)
})

describe('batches', () => {
  test('what arrives together travels together, at most 128 at once', async () => {
    const held = new HeldRecoverer()
    const pool = open({}, [held])
    const first = pool.recover(transfer(0))
    await held.hasBatch()
    const rest = Array.from({ length: 150 }, (_, i) => pool.recover(transfer(i + 1)))
    for (let i = 0; i < 3; i++) await held.release()
    await Promise.all([first, ...rest])
    expect(held.batchSizes).toEqual([1, 128, 22])
  })

  test('a block is served before what came from outside', async () => {
    const held = new HeldRecoverer()
    const pool = open({}, [held])
    const order: string[] = []
    const note = (what: string) => () => order.push(what)
    const all = [pool.recover(transfer(0)).then(note('first'))]
    await held.hasBatch()
    all.push(pool.recover(transfer(1)).then(note('second')), pool.recoverBlock([transfer(2)]).then(note('block')))
    for (let i = 0; i < 3; i++) await held.release()
    await Promise.all(all)
    expect(order).toEqual(['first', 'block', 'second'])
  })
})

describe('overload', () => {
  test('refuses what exceeds its count or bytes, but never a block', async () => {
    const held = new HeldRecoverer()
    const pool = open({ maxWaiting: 2, maxWaitingBytes: 10_000 }, [held])
    const accepted = [pool.recover(transfer(0)), pool.recover(transfer(1))]
    expect(outcome(await pool.recover(transfer(2)))).toBe('INGEST_OVERLOADED')
    await held.hasBatch()
    const block = pool.recoverBlock([transfer(3), transfer(4)])
    await held.release()
    await Promise.all(accepted)
    await held.release()
    expect((await block).every((result) => result.ok)).toBe(true)
    expect(pool.stats.waiting).toBe(0)

    const narrow = open({ maxWaitingBytes: 100 }, [new HeldRecoverer()])
    expect(outcome(await narrow.recover(transfer(0)))).toBe('INGEST_OVERLOADED')
  })
})

describe('a thread that dies', () => {
  /** It throws at this, as at any batch that is none. */
  const kill = (recoverer: WorkerRecoverer): Promise<unknown> =>
    expect(recoverer.run(undefined as unknown as Uint8Array)).rejects.toMatchObject({ code: 'WORKER_DIED' })

  test('loses no job and comes back', async () => {
    const recoverer = new WorkerRecoverer()
    const pool = open({}, [recoverer])
    expect((await pool.recover(transfer(0))).ok).toBe(true)
    const death = kill(recoverer)
    const results = pool.recoverBlock(TRANSFERS)
    await death
    expect((await results).every((result) => result.ok)).toBe(true)
    expect(pool.stats).toMatchObject({ waiting: 0, crashes: 1, answered: 161 })
  })

  test('loses none of the batches it had at once, and that is one death', async () => {
    const recoverer = new WorkerRecoverer()
    const pool = open({}, [recoverer])
    const death = kill(recoverer)
    const results = pool.recoverBlock([...TRANSFERS, ...TRANSFERS])
    await death
    expect((await results).every((result) => result.ok)).toBe(true)
    expect(pool.stats).toMatchObject({ waiting: 0, crashes: 1, answered: 320 })
  })

  test('is given up after three deaths in a row, and its jobs are done here', async () => {
    const held = new HeldRecoverer()
    const pool = open({}, [held])
    const result = pool.recover(transfer(0))
    for (let i = 0; i < 3; i++) await held.release(false)
    expect((await result).ok).toBe(true)
    expect(held.batchSizes).toEqual([1, 1, 1])
    expect(pool.stats.crashes).toBe(3)
  })

  test('a fault of ours reaches the caller', async () => {
    const broken: Recoverer = { run: async () => new Uint8Array(3), stop: async () => {} }
    const pool = open({}, [broken])
    await expect(pool.recover(transfer(0))).rejects.toThrow('wrong length')
    expect(pool.stats.waiting).toBe(0)
  })
})

test('a warmed up thread answers like any other, and ends with the pool', async () => {
  const recoverer = new WorkerRecoverer()
  const pool = open({}, [recoverer])
  pool.warmUp()
  pool.warmUp()
  expect((await pool.recover(transfer(0))).ok).toBe(true)
  await pool.close()
})

test('a thread is asked to end, so one that is still loading loads first, and what it has is answered', async () => {
  const recoverer = new WorkerRecoverer()
  const answers = recoverer.run(packRequests([decodeEnvelope(transfer(0), CHAIN_ID)]))
  await Promise.all([recoverer.stop(), recoverer.stop()])
  expect(unpackAnswers(await answers, 1)).toHaveLength(1)
  expect((await recoverer.run(new Uint8Array(0))).length).toBe(0)
  await recoverer.stop()
  await recoverer.stop()
})

test('close refuses newcomers, answers the accepted, then ends the threads', async () => {
  const held = new HeldRecoverer()
  const pool = open({}, [held])
  const accepted = pool.recover(transfer(0))
  await held.hasBatch()
  const closing = pool.close()
  expect(outcome(await pool.recover(transfer(1)))).toBe('INGEST_CLOSED')
  expect(held.isStopped).toBe(false)
  await held.release()
  expect((await accepted).ok).toBe(true)
  await closing
  expect(held.isStopped).toBe(true)
  await pool.close()
})
