/**
 * Equivocation end to end: one of four validators proposes and votes twice. The others see it, the next of them to lead puts the
 * evidence into its block, stake, delegations and unbonding burn by the same part, and the validator is in no set that is
 * fixed from then on. PROTOCOL 5.
 */
import { afterEach, expect, it } from 'vitest'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import { equalBytes, hexKey } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { KEY } from '../../node/storage/layout.ts'
import { Cluster, chainOf } from '../../node/testing/cluster.ts'
import { weiOfShares } from '../../vm/staking/shares.ts'
import { unbondingWei } from '../../vm/staking/unbonding.ts'
import { delegations, supply, unbondingPools, validators } from '../../vm/state/tables.ts'
import { readRecord, StateView } from '../../vm/state/view.ts'
import { nameOf, reporterOf, reportsIn, signedBy, startEquivocator } from './evidence-scene.ts'

const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 10, networkDelayMs: 60, epochBlocks: 14 }
const BYZANTINE = 0
const HONEST = [1, 2, 3]
const DELEGATOR = 5
/** Whoever of three honest validators leads first reports; the liar leads some views in between. */
const MAX_BLOCKS_UNTIL_REPORTED = 8

const scheme = standInScheme()
const liar = testKey(BYZANTINE).owner
let cluster: Cluster
afterEach(() => cluster.stopAll())

const endOf = (epoch: number): number => (epoch + 1) * PARAMS.epochBlocks
const isInSet = (node: ChainNode, epoch: number): boolean =>
  node.validatorSet(epoch)!.members.some(({ address }) => equalBytes(address, liar))
const burnedOf = (wei: bigint): bigint => (wei * BigInt(PARAMS.slashEquivocationBps)) / 10_000n

/** What the validator and those behind it have, and all that is burned, after a final block. */
function holdings(node: ChainNode, height: number, poolEpoch: number) {
  const state = new StateView(node.stateAt(height)!)
  const validator = state.get(validators, liar)!
  const bond = (delegator: Uint8Array) =>
    weiOfShares(validator, state.get(delegations, { validator: liar, delegator })?.shares ?? 0n)
  return {
    tokens: validator.tokens,
    own: bond(liar),
    delegated: bond(testKey(DELEGATOR).owner),
    pool: state.get(unbondingPools, { validator: liar, epoch: poolEpoch })!.tokens,
    unbonding: unbondingWei(state, { validator: liar, epoch: poolEpoch, owner: liar })!,
    burned: state.get(supply, undefined)!.burned,
    isTombstoned: validator.tombstoned,
  }
}

it('is in a block soon, costs everybody behind the validator the same part, and ends its time in the sets', async () => {
  cluster = new Cluster(4, PARAMS, scheme)
  let isOn = false
  let seenAt = Number.POSITIVE_INFINITY
  const byzantine = await startEquivocator(cluster, scheme, BYZANTINE, () => isOn)
  const honest = await Promise.all(
    HONEST.map((i) =>
      cluster.start(i, {
        transport: cluster.hub.connect(nameOf(i)),
        reporter: reporterOf(i),
        onEvidence: () => {
          seenAt = Math.min(seenAt, cluster.nodes[i]?.latest().height ?? 0)
        },
      }),
    ),
  )
  const node = honest[0]!

  await cluster.until(node, 1)
  for (const [sender, action] of [
    [DELEGATOR, { kind: 'DELEGATE', validator: liar, amount: 333n * WEI_PER_CPC + 7n }],
    [BYZANTINE, { kind: 'UNSTAKE', amount: 111n * WEI_PER_CPC + 1n }],
  ] as const) {
    expect(await node.submit(signedBy(sender, action, node))).toMatchObject({ ok: true })
    await cluster.until(node, () => node.pool().counts().pending === 0)
  }
  await cluster.until(node, node.latest().height + 1)
  isOn = true
  await cluster.until(node, () => reportsIn(node).length > 0)
  isOn = false
  const [report, ...more] = reportsIn(node)
  expect(more).toEqual([])
  expect(report).toMatchObject({ status: 1, evidence: { validator: liar } })
  expect(report!.height - seenAt).toBeLessThanOrEqual(MAX_BLOCKS_UNTIL_REPORTED)
  const { height, epoch } = report!
  const block = node.blockByHeight(height)!
  expect(equalBytes(block.block.header.proposer, liar)).toBe(false)
  expect(block.transactions[0]!.action.kind).toBe('SUBMIT_EVIDENCE')
  expect(equalBytes(block.transactions[0]!.from, block.block.header.proposer)).toBe(true)

  // The unbonding began in the epoch of the transaction, which is over by now or not.
  const poolEpoch = [0, 1, 2].find(
    (each) => readRecord(node.stateAt(height)!, unbondingPools, { validator: liar, epoch: each }) !== undefined,
  )!
  const before = holdings(node, height - 1, poolEpoch)
  const after = holdings(node, height, poolEpoch)
  expect([before.isTombstoned, after.isTombstoned]).toEqual([false, true])
  expect(before.tokens).toBe(1_000n * WEI_PER_CPC + 333n * WEI_PER_CPC + 7n - (111n * WEI_PER_CPC + 1n))
  expect(after.tokens).toBe(before.tokens - burnedOf(before.tokens))
  expect(after.pool).toBe(before.pool - burnedOf(before.pool))
  const { gasUsed, baseFeePerGas } = block.block.header
  const slashed = burnedOf(before.tokens) + burnedOf(before.pool)
  expect(after.burned - before.burned).toBe(slashed + BigInt(gasUsed) * baseFeePerGas)
  for (const part of ['own', 'delegated', 'unbonding'] as const) {
    // Each holds shares of a pool, so its part is that of the pool but for the wei that division leaves.
    expect(before[part] - after[part] - burnedOf(before[part])).toBeLessThanOrEqual(1n)
    expect(before[part] - after[part] - burnedOf(before[part])).toBeGreaterThanOrEqual(0n)
  }

  await cluster.until(node, endOf(epoch) + 2)
  expect([epoch, epoch + 1].map((each) => isInSet(node, each))).toEqual([true, true])
  await cluster.until(node, endOf(epoch + 1) + 2)
  expect(node.finalized().epoch).toBeGreaterThanOrEqual(epoch + 2)
  expect(isInSet(node, epoch + 2)).toBe(false)
  expect(reportsIn(node)).toHaveLength(1)

  const total = node.finalized().height
  for (const other of [...honest.slice(1), byzantine]) {
    await cluster.until(other, total)
    expect(chainOf(other, total)).toEqual(chainOf(node, total))
  }
  const sums = readRecord(node.stateAt(total)!, supply, undefined)!
  const { genesis, minted, burned, ...held } = sums
  expect(genesis + minted - burned).toBe(Object.values(held).reduce((sum, wei) => sum + wei, 0n))
  // Nobody keeps it any longer, and the validator stays out.
  for (const i of HONEST) expect(cluster.stores[i]!.get(KEY.evidence(liar))).toBeUndefined()
  expect(await node.submit(signedBy(BYZANTINE, { kind: 'UNJAIL' }, node))).toMatchObject({
    ok: false,
    error: { code: 'VALIDATOR_TOMBSTONED' },
  })
  const { evidence } = report!
  const again = signedBy(DELEGATOR, { kind: 'SUBMIT_EVIDENCE', ...evidence }, node)
  expect(await node.submit(again)).toMatchObject({ ok: false, error: { code: 'EVIDENCE_ALREADY_PUNISHED' } })
  expect(hexKey(evidence.validator)).toBe(hexKey(liar))
})

it('is reported after a restart of everybody who saw it', async () => {
  cluster = new Cluster(4, PARAMS, scheme)
  let isOn = true
  const sawIt = new Set<number>()
  await startEquivocator(cluster, scheme, BYZANTINE, () => isOn)
  await Promise.all(HONEST.map((i) => cluster.start(i, { onEvidence: () => sawIt.add(i) })))
  const seen = cluster.nodes[1]!
  await cluster.until(seen, () => sawIt.size === HONEST.length)
  await cluster.until(seen, seen.latest().height + 1)
  isOn = false
  // Nobody here has an account to pay from, so it waits.
  expect(reportsIn(seen)).toEqual([])
  await cluster.stop(BYZANTINE)
  await Promise.all(HONEST.map((i) => cluster.stop(i)))
  for (const i of HONEST) expect(cluster.stores[i]!.get(KEY.evidence(liar))).toBeDefined()

  sawIt.clear()
  const [node] = await Promise.all(HONEST.map((i) => cluster.start(i, { reporter: reporterOf(i) })))
  await cluster.until(node!, () => reportsIn(node!).length > 0)
  expect(reportsIn(node!)).toMatchObject([{ status: 1, evidence: { validator: liar } }])
  expect(sawIt.size).toBe(0)
})
