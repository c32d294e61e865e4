/**
 * Floods of results that did not win, as a peer passes them on: cheap to refuse, by tiles computed, and scored. What such
 * results come to in a block is in vm/compute/attacks.test.ts.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import { FAST_PARAMS, TestChain, testKey } from '../../consensus/testing/chain.ts'
import { DEFAULT_LIMITS } from '../../mempool/limits.ts'
import { findSubmission, type SubmitResult } from '../../vm/compute/fixture.ts'
import { packNonce, tileCount } from '../../vm/compute/ticket.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { SystemClock } from '../clock.ts'
import { SignaturePool } from '../ingest/signature-pool.ts'
import { inlineProofs } from '../zk/proofs.ts'
import type { ChainEntry } from './entry.ts'
import { TransactionPool } from './transaction-pool.ts'

const signatures = new SignaturePool({ chainId: FAST_PARAMS.chainId, workers: 0 })
/** Of the accounts with money. */
const WORKER = 5
const SEED_HEIGHT = 1

let pool: TransactionPool
afterEach(() => pool.close())

/** A pool over a chain of three blocks, whose next one takes results of height 2 and below. */
function setup(blocks = 3) {
  const chain = new TestChain()
  for (let i = 0; i < blocks; i++) chain.next()
  let tiles = 0
  const tile: TileKernel['tile'] = (...args) => {
    tiles++
    return referenceKernel.tile(...args)
  }
  const { block, state } = chain.parent
  const tip: ChainEntry = { block, state, transactions: [], receipts: [], layer: undefined }
  pool = new TransactionPool({
    clock: new SystemClock(),
    tree: new BlockTree(tip),
    rules: { ...chain.rules, kernel: { tile } },
    signatures,
    proofs: inlineProofs(FAST_PARAMS).ahead,
    relay: () => {},
    admitted: () => {},
  })
  const result = (losing: boolean, skip: number): SubmitResult => {
    const { hash: seedHash } = chain.blocks[SEED_HEIGHT - 1]!
    return findSubmission({ worker: testKey(WORKER).owner, seedHeight: SEED_HEIGHT, seedHash, losing, skip })
  }
  const raw = (action: SubmitResult, sender = WORKER) => chain.transaction(sender, action).raw
  return { chain, result, raw, tiles: () => tiles }
}

const withResult = (base: SubmitResult, change: Partial<SubmitResult['result']>): SubmitResult => ({
  ...base,
  result: { ...base.result, ...change },
})

async function verdictOf(...envelopes: readonly Uint8Array[]): Promise<string> {
  const verdict = await pool.receive(envelopes)
  return typeof verdict === 'string' ? verdict : verdict.reject
}

describe('a flood of losing results', () => {
  it('computes no tile, fills no place, and is held against the peer that relays it', async () => {
    const { result, raw, tiles } = setup()
    for (let skip = 0; skip < 32; skip++) {
      expect(await verdictOf(raw(result(true, skip)))).toBe('RESULT_ABOVE_TARGET')
    }
    expect({ tiles: tiles(), ...pool.counts() }).toMatchObject({ tiles: 0, pending: 0, queued: 0 })
    // Its sender may still have won.
    expect(await verdictOf(raw(result(false, 0)))).toBe('accept')
    expect(tiles()).toBe(1)
  })

  it('as one message ends at the first of them', async () => {
    const { result, raw, tiles } = setup()
    const win = raw(result(false, 0))
    expect(await verdictOf(raw(result(true, 0)), win)).toBe('RESULT_ABOVE_TARGET')
    expect([tiles(), pool.counts().pending]).toEqual([0, 0])
  })
})

it('a flood of false hashes computes three tiles, then none', async () => {
  const { result, raw, tiles } = setup()
  const win = result(false, 0)
  const verdicts: string[] = []
  for (let i = 0; i < 16; i++) {
    verdicts.push(await verdictOf(raw(withResult(win, { resultHash: new Uint8Array(32).fill(i, 31) }))))
  }
  const { maxFalseProofs } = DEFAULT_LIMITS
  expect(verdicts.slice(0, maxFalseProofs)).toEqual(Array(maxFalseProofs).fill('RESULT_HASH_MISMATCH'))
  expect(new Set(verdicts.slice(maxFalseProofs))).toEqual(new Set(['ignore']))
  expect(tiles()).toBe(maxFalseProofs)
})

describe('a peer is scored for', () => {
  it('what every node refuses whatever its tip', async () => {
    const { result, raw, tiles } = setup()
    const win = result(false, 0)
    const beyond = packNonce({ attempt: 0, tile: tileCount(win.matrixSize) })
    const rows: readonly (readonly [Uint8Array, string])[] = [
      [raw({ ...win, challengeType: 'matrix_mul' }), 'RESULT_CHALLENGE_UNKNOWN'],
      [raw(win, WORKER + 1), 'RESULT_WORKER_NOT_SENDER'],
      [raw(withResult(win, { proof: Uint8Array.of(1) })), 'RESULT_FIELDS_UNEXPECTED'],
      [raw({ ...win, matrixSize: 128 }), 'RESULT_MATRIX_SIZE'],
      [raw(withResult(win, { nonce: beyond })), 'RESULT_TILE_RANGE'],
      [raw(withResult(win, { nonce: packNonce({ attempt: 2 ** 32, tile: 0 }) })), 'RESULT_TILE_RANGE'],
    ]
    for (const [envelope, code] of rows) expect(await verdictOf(envelope)).toBe(code)
    expect(tiles()).toBe(0)
  })

  it('nothing that a node with another tip may take', async () => {
    const { chain, result, raw } = setup()
    const win = result(false, 0)
    const newer = { ...win, seedHeight: chain.parent.block.header.height }
    const onFork = findSubmission({ worker: testKey(WORKER).owner, seedHeight: 2, seedHash: new Uint8Array(32) })
    for (const action of [newer, onFork]) expect(await verdictOf(raw(action))).toBe('ignore')
    expect(await verdictOf(raw(win))).toBe('accept')
    expect(await verdictOf(raw(win))).toBe('ignore')
  })

  it('nothing that has become too old on its way', async () => {
    const { result, raw } = setup(SEED_HEIGHT + FAST_PARAMS.seedWindowBlocks)
    expect(await verdictOf(raw(result(false, 0)))).toBe('ignore')
    expect(await verdictOf(raw(result(true, 0)))).toBe('ignore')
  })
})
