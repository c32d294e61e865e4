import { beforeEach, describe, expect, test } from 'vitest'
import { privateKeyToAddress } from '../core/secp256k1.ts'
import { computeSeed } from '../vm/compute/seed.ts'
import { targetOf } from '../vm/compute/ticket.ts'
import { signEip1559Transfer } from '../vm/transaction/sign.ts'
import type { TileWin } from './backend.ts'
import type { Work } from './chain-client.ts'
import { TEST_CHAIN_ID, TestChain } from './fixture.ts'
import { Outbox } from './outbox.ts'
import { createReferenceBackend } from './reference.ts'
import type { WorkerEvent } from './worker-events.ts'

const privateKey = new Uint8Array(32).fill(0x11)
const address = privateKeyToAddress(privateKey)
const backend = createReferenceBackend()

let chain: TestChain
let outbox: Outbox
let events: WorkerEvent[]
let attempt = 0

beforeEach(() => {
  chain = new TestChain(30)
  events = []
  const { signal } = new AbortController()
  outbox = new Outbox(
    { client: chain, address, privateKey, signal, emit: (event) => events.push(event) },
    TEST_CHAIN_ID,
  )
})

/** Adds that many honest results for the newest block. */
async function win(count: number, change: Partial<Work> = {}): Promise<Work> {
  const work = { ...(await chain.getWork()), ...change }
  const job = { seed: computeSeed(work.blockHash, address), n: 256, target: targetOf(256, work.difficultyMacs) }
  for (let left = count; left > 0; attempt++) {
    const wins: readonly TileWin[] = (await backend.attempt(job, attempt)).slice(0, left)
    for (const { tile, ticket } of wins) {
      outbox.add(work, { seedHeight: work.height, matrixSize: 256, attempt, tile }, ticket)
    }
    left -= wins.length
  }
  return work
}

const step = (): Promise<void> => outbox.step(chain.height)
/** With so many more final blocks, looking at each. */
async function blocks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    chain.height++
    await step()
  }
}
const types = (): string[] => events.map(({ type }) => type)
const count = (type: WorkerEvent['type']): number => types().filter((other) => other === type).length
const codes = (): string[] => chain.received.map(({ code }) => code)
const nonces = (): number[] => [...chain.pool.keys()].sort((a, b) => a - b)

/** Somebody else who signs with the same key. */
const transferOf = (nonce: number): Uint8Array =>
  signEip1559Transfer(
    { chainId: TEST_CHAIN_ID, nonce, maxFeePerGas: 9_000n, maxPriorityFeePerGas: 900n, to: address, value: 0n },
    privateKey,
  )

describe('outbox', () => {
  test('sends results one after the other without waiting for any, and reports them once they are final', async () => {
    chain.heldBack = true
    await win(5)
    await step()
    expect(nonces()).toEqual([0, 1, 2, 3, 4])
    expect(outbox.counts()).toEqual({ pending: 5, queued: 0 })
    await step()
    expect(count('accepted')).toBe(0)
    chain.release()
    await step()
    expect(codes()).toEqual(Array(5).fill('accepted'))
    expect(types()).toEqual([...Array(5).fill('submitted'), ...Array(5).fill('accepted')])
    expect(outbox.counts()).toEqual({ pending: 0, queued: 0 })
    // Idle: nothing is asked any more.
    const { noncesAsked } = chain
    await blocks(3)
    expect(chain.noncesAsked).toBe(noncesAsked)
  })

  test('takes nothing for accepted before its block is final', async () => {
    chain.ahead = 2
    await win(1)
    await step()
    await blocks(1)
    expect([codes(), types()]).toEqual([['accepted'], ['submitted']])
    await blocks(1)
    expect(types()).toEqual(['submitted', 'accepted'])
  })

  test('never has more under way than four blocks hold', async () => {
    chain.heldBack = true
    const work = await chain.getWork()
    for (let tile = 0; tile < 256; tile++) {
      outbox.add(work, { seedHeight: 30, matrixSize: 256, attempt: 0, tile }, new Uint8Array(32))
    }
    await win(2)
    await step()
    expect(outbox.counts()).toEqual({ pending: 256, queued: 2 })
    chain.includeOne()
    await step()
    expect(outbox.counts()).toEqual({ pending: 256, queued: 1 })
    expect(Math.max(...nonces())).toBe(256)
  })

  test('gives up the oldest when results come faster than they can be sent', async () => {
    const work = await chain.getWork()
    for (let tile = 0; tile < 1_025; tile++) {
      outbox.add(work, { seedHeight: 30, matrixSize: 256, attempt: 0, tile }, new Uint8Array(32))
    }
    expect(events).toEqual([expect.objectContaining({ type: 'late', reason: 'QUEUE_FULL' })])
    expect(events[0]).toMatchObject({ found: { tile: 0 } })
  })

  test('sends again what a restarted node has lost, as it was', async () => {
    chain.heldBack = true
    await win(3)
    await step()
    const before = [...chain.pool.values()].map(({ hash }) => hash)
    chain.pool.clear()
    // Not before there is a new block: the node has just said that it has them.
    await step()
    expect(nonces()).toEqual([])
    await blocks(1)
    expect([...chain.pool.values()].map(({ hash }) => hash)).toEqual(before)
    chain.release()
    await blocks(1)
    expect(codes()).toEqual(['accepted', 'accepted', 'accepted'])
    expect(count('submitted')).toBe(3)
  })

  test('resends the same bytes after silence, and never a second transaction for one result', async () => {
    await win(1)
    chain.refuseSends.push({ tag: 'RPC_UNREACHABLE', arrives: true })
    await expect(step()).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    expect(count('submitted')).toBe(0)
    await step()
    expect(types()).toEqual(['submitted', 'accepted'])
    await win(1)
    chain.refuseSends.push({ tag: 'RPC_UNREACHABLE' })
    await expect(step()).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    await step()
    await step()
    expect(codes()).toEqual(['accepted', 'accepted'])
    expect(count('accepted')).toBe(2)
  })

  test('replaces a stuck transaction at a higher price, in its own place', async () => {
    chain.heldBack = true
    await win(2)
    await step()
    await blocks(2)
    expect(count('replaced')).toBe(0)
    await blocks(1)
    // The first in line waits for its price; the second for the first.
    expect(events.at(-1)).toMatchObject({ type: 'replaced', nonce: 0, maxFeePerGas: 2_260n })
    expect(chain.pool.get(1)?.maxFeePerGas).toBe(2_000n)
    // The base fee leaves both behind: the market's price is what counts.
    chain.nextBlockPerGas = 10_000n
    await blocks(3)
    expect([0, 1].map((nonce) => chain.pool.get(nonce)?.maxFeePerGas)).toEqual([20_000n, 20_000n])
    chain.release()
    await step()
    expect(codes()).toEqual(['accepted', 'accepted'])
    expect([count('submitted'), count('accepted')]).toEqual([2, 2])
  })

  test('stops raising some day', async () => {
    chain.heldBack = true
    await win(1, { expiresHeight: 1_000 })
    await step()
    await blocks(60)
    expect(count('replaced')).toBe(8)
    expect(chain.pool.get(0)?.maxFeePerGas).toBeLessThan(2_000n * 3n)
  })

  test('notices an earlier version that won the race', async () => {
    chain.heldBack = true
    await win(1)
    await step()
    const first = chain.pool.get(0)!
    await blocks(3)
    expect(count('replaced')).toBe(1)
    chain.pool.set(0, first)
    chain.release()
    await step()
    expect(events.at(-1)).toMatchObject({ type: 'accepted', transaction: first.hash })
  })

  test('signs again, in the same place, what a node has thrown out for its price', async () => {
    chain.heldBack = true
    await win(2)
    await step()
    chain.pool.clear()
    chain.refuseSends.push({ tag: 'MEMPOOL_FULL' })
    await blocks(1)
    expect(events.at(-1)).toMatchObject({ type: 'trouble', tag: 'MEMPOOL_FULL' })
    expect(nonces()).toEqual([1])
    await new Promise((resolve) => setTimeout(resolve, 260))
    await step()
    expect(chain.pool.get(0)?.maxFeePerGas).toBe(2_260n)
    chain.release()
    await blocks(1)
    expect(codes()).toEqual(['accepted', 'accepted'])
    expect(count('submitted')).toBe(2)
  })

  test('does not take the end of an old result for that of the one which replaced it', async () => {
    chain.heldBack = true
    const { expiresHeight } = await win(1)
    await step()
    const old = chain.pool.get(0)!
    chain.height = expiresHeight + 1
    await win(1)
    await step()
    expect([count('late'), count('replaced'), nonces()]).toEqual([1, 1, [0]])
    chain.pool.set(0, old)
    chain.release()
    await blocks(6)
    expect(codes()).toEqual(['RESULT_SEED_STALE', 'accepted'])
    expect([count('accepted'), count('rejected')]).toEqual([1, 0])
  })

  test('gives a result another nonce when its own went to somebody else, after a few blocks', async () => {
    chain.heldBack = true
    await win(2)
    await step()
    chain.pool.clear()
    await chain.send(transferOf(0))
    chain.release()
    await step()
    await blocks(1)
    expect(codes()).toEqual(['TRANSFER', 'accepted'])
    await blocks(1)
    expect(count('accepted')).toBe(1)
    await blocks(3)
    expect(codes()).toEqual(['TRANSFER', 'accepted', 'accepted'])
    expect([count('submitted'), count('accepted'), count('rejected')]).toEqual([2, 2, 0])
  })

  test("goes on above transactions that are not its own, and fills one's nonce when it is gone", async () => {
    chain.heldBack = true
    await chain.send(transferOf(0))
    await win(1)
    await step()
    expect(nonces()).toEqual([0, 1])
    chain.pool.delete(0)
    await blocks(3)
    expect(nonces()).toEqual([1])
    await blocks(1)
    expect(nonces()).toEqual([0, 1])
    expect(chain.pool.get(0)?.action).toMatchObject({ kind: 'TRANSFER', value: 0n })
    chain.release()
    await blocks(1)
    expect(codes()).toEqual(['TRANSFER', 'accepted'])
    expect(types()).toEqual(['submitted', 'accepted'])
  })

  test('counts as late what is in no block when its window ends, and uses its nonce again', async () => {
    chain.heldBack = true
    const { expiresHeight } = await win(2)
    await step()
    chain.pool.clear()
    chain.height = expiresHeight
    chain.refuseSends.push({ tag: 'RESULT_SEED_STALE' }, { tag: 'RESULT_SEED_STALE' })
    await step()
    expect(events.slice(2)).toEqual(
      [0, 1].map(() => expect.objectContaining({ type: 'late', reason: 'WINDOW_PASSED' })),
    )
    chain.release()
    await win(1)
    await blocks(1)
    await step()
    expect(chain.received.map(({ transaction }) => transaction.nonce)).toEqual([0])
    expect(count('accepted')).toBe(1)
  })

  test('waits on while the pool still has it at the last height', async () => {
    chain.heldBack = true
    const { expiresHeight } = await win(1)
    await step()
    chain.height = expiresHeight
    await step()
    expect(count('late')).toBe(0)
    chain.height++
    await step()
    expect(count('late')).toBe(1)
    expect(outbox.counts()).toEqual({ pending: 0, queued: 0 })
  })

  test('a verdict on the result is final; anything else is tried again, later each time', async () => {
    await win(2)
    chain.refuseSends.push({ tag: 'RESULT_ALREADY_CLAIMED' }, { tag: 'MEMPOOL_FULL' })
    await step()
    expect(events).toEqual([
      expect.objectContaining({ type: 'rejected', tag: 'RESULT_ALREADY_CLAIMED' }),
      expect.objectContaining({ type: 'trouble', tag: 'MEMPOOL_FULL', retryMs: 250 }),
    ])
    expect(outbox.counts()).toEqual({ pending: 0, queued: 1 })
    expect(outbox.waitMs()).toBeGreaterThan(200)
    await step()
    expect(chain.received.length).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, outbox.waitMs() + 5))
    await step()
    expect(codes()).toEqual(['accepted'])
  })

  test('forgets everything when the chain begins anew', async () => {
    chain.heldBack = true
    await win(6)
    await step()
    await win(2)
    chain.reset(4)
    outbox.reset(TEST_CHAIN_ID)
    expect(events.slice(-8)).toEqual(Array(8).fill(expect.objectContaining({ type: 'late', reason: 'CHAIN_RESET' })))
    chain.release()
    await win(1)
    await step()
    await step()
    expect(chain.received.map(({ transaction, code }) => [transaction.nonce, code])).toEqual([[0, 'accepted']])
  })

  test('reports a failed result with the code of its receipt', async () => {
    const work = await chain.getWork()
    outbox.add(work, { seedHeight: 30, matrixSize: 256, attempt: 1, tile: 1 }, new Uint8Array(32))
    await step()
    await step()
    expect(events.at(-1)).toMatchObject({ type: 'rejected', tag: 'RESULT_HASH_MISMATCH' })
  })
})
