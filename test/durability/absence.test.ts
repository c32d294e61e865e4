/**
 * Validators that are away for a whole epoch. Four equals lose none of theirs to jail, for each holds more than the tenth of
 * the power that an epoch may jail; of eleven, the absent one goes, and comes back when its owner asks.
 */
import { afterEach, expect, it } from 'vitest'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster, chainOf } from '../../node/testing/cluster.ts'
import { epochValidators, validators } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { signNative } from '../../vm/transaction/sign.ts'

/** One missed view is too many, so that an epoch of few blocks is long enough to be missed. */
const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 80, epochBlocks: 12, missedViewsMin: 1 }

let cluster: Cluster
afterEach(() => cluster.stopAll())

/** Its state holds the set of the epoch after the next (S9). */
const endOf = (epoch: number): number => (epoch + 1) * PARAMS.epochBlocks

const isInSet = (node: ChainNode, epoch: number, i: number): boolean =>
  node.validatorSet(epoch)!.members.some(({ address }) => equalBytes(address, testKey(i).owner))

const jailedUntil = (node: ChainNode, i: number): number =>
  readRecord(node.stateAt(node.finalized().height)!, validators, testKey(i).owner)!.jailedUntilEpoch

/** Leader views missed in an epoch, read from the state at its end. */
const missedIn = (node: ChainNode, epoch: number, i: number): number =>
  readRecord(node.stateAt(endOf(epoch) - 1)!, epochValidators, { epoch, validator: testKey(i).owner })?.missedViews ?? 0

const proposedSince = (node: ChainNode, height: number, i: number): boolean => {
  const { owner } = testKey(i)
  for (let h = height; h <= node.finalized().height; h++) {
    if (equalBytes(node.blockByHeight(h)!.block.header.proposer, owner)) return true
  }
  return false
}

it('one of four equals, away for an epoch: not jailed, still in the set, and leading again', async () => {
  cluster = new Cluster(4, PARAMS)
  const [node] = (await cluster.startAll()) as [ChainNode]
  await cluster.until(node, endOf(0) - 2)
  await cluster.stop(3)
  await cluster.until(node, endOf(1) + 1)
  expect(missedIn(node, 1, 3)).toBeGreaterThan(0)
  expect(jailedUntil(node, 3)).toBe(0)

  const since = node.finalized().height
  const back = await cluster.start(3)
  const late = await cluster.start(4)
  await cluster.until(node, endOf(2) + 1)
  await cluster.until(node, () => proposedSince(node, since, 3))
  for (let epoch = 0; epoch <= 4; epoch++) expect(isInSet(node, epoch, 3)).toBe(true)
  const { height } = node.finalized()
  for (const other of [back, late]) {
    await cluster.until(other, height)
    expect(chainOf(other, height)).toEqual(chainOf(node, height))
  }
})

it('one of eleven, away for an epoch: jailed, out of the set, and back when its owner asks', async () => {
  const ABSENT = 10
  cluster = new Cluster(11, PARAMS)
  const nodes = await cluster.startAll()
  const node = nodes[0]!
  await cluster.until(node, 2)
  await cluster.stop(ABSENT)
  await cluster.until(node, () => jailedUntil(node, ABSENT) > 0)
  const jailedIn = node.finalized().epoch
  await cluster.start(ABSENT)
  const until = jailedUntil(node, ABSENT)
  await cluster.until(node, endOf(until - 1) + 1)
  expect(isInSet(node, until, ABSENT)).toBe(false)

  const { owner, privateKey } = testKey(ABSENT)
  const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
  const nonce = node.pool().pendingNonce(owner)
  const unjail = signNative({ chainId: PARAMS.chainId, nonce, ...fees, action: { kind: 'UNJAIL' } }, privateKey)
  expect(await node.submit(unjail)).toMatchObject({ ok: true })
  await cluster.until(node, () => jailedUntil(node, ABSENT) === 0)
  const asked = node.finalized().epoch
  await cluster.until(node, endOf(asked) + 1)
  expect(isInSet(node, asked + 2, ABSENT)).toBe(true)
  expect(jailedIn).toBeLessThan(asked)
})
