/**
 * What a block's lanes cost: a block that touches 1, 50 or 500 of 100,000 active lanes, and the tree of all of them anew as
 * baseline. Options: --lanes N.
 */
import { compareBytes, hexKey, u32be, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { BlockContext } from '../../vm/execution/types.ts'
import { type BlockActivity, commitLanes } from '../../vm/lanes/commit.ts'
import { laneKey, laneLeaf } from '../../vm/lanes/hashing.ts'
import { lanesRoot } from '../../vm/lanes/tree.ts'
import { StateView } from '../../vm/state/view.ts'

const option = process.argv.indexOf('--lanes')
const LANES = option < 0 ? 100_000 : Number(process.argv[option + 1])
const ROUNDS = 15
const WINDOW = { laneWindowBlocks: 1_000_000 }

const laneId = (n: number): Uint8Array => Uint8Array.of(...u32be(n + 2 ** 24), ...new Uint8Array(16))
const state = new Map<string, Uint8Array>()

function block(height: number): BlockContext {
  const parent = {
    hash: ZERO_HASH,
    height: height - 1,
    epoch: 0,
    view: 0,
    timestampMs: height,
    proposer: new Uint8Array(20),
    seqCommit: ZERO_HASH,
  }
  const rest = { epoch: 0, view: 0, timestampMs: height, proposer: new Uint8Array(20), randomnessReveal: ZERO_HASH }
  return { height, ...rest, baseFeePerGas: 0n, parent, parentSigners: [] }
}

const activityOf = (lanes: readonly number[]): BlockActivity[] =>
  lanes.map((n, mergeIndex) => ({ laneId: laneId(n), txId: sha256(u32be(n)), version: 1, mergeIndex }))

/** @returns milliseconds, and records written */
function commit(
  height: number,
  lanes: readonly number[],
  keep: boolean,
): { readonly ms: number; readonly records: number } {
  const activity = activityOf(lanes)
  const view = new StateView({ get: (key) => state.get(hexKey(key)) })
  const startedAt = performance.now()
  commitLanes(view, block(height), activity, WINDOW)
  const ms = performance.now() - startedAt
  const writes = view.finish()
  if (keep) {
    for (const { treeKey, value } of writes) {
      if (value === undefined) state.delete(hexKey(treeKey))
      else state.set(hexKey(treeKey), value)
    }
  }
  return { ms, records: writes.length }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

for (let from = 0; from < LANES; from += 10_000) {
  const count = Math.min(10_000, LANES - from)
  commit(
    1 + from / 10_000,
    Array.from({ length: count }, (_, i) => from + i),
    true,
  )
}

const all = Array.from({ length: LANES }, (_, n) => ({ key: laneKey(laneId(n)), leaf: laneLeaf(ZERO_HASH, n) }))
all.sort((a, b) => compareBytes(a.key, b.key))
const startedAt = performance.now()
lanesRoot(all)
const anew = performance.now() - startedAt
console.log(`${LANES} lanes, their tree anew: ${anew.toFixed(0)} ms`)
for (const touched of [1, 50, 500]) {
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    commit(
      100,
      Array.from({ length: touched }, (_, i) => (i * 7_919 + round * 131) % LANES),
      false,
    ),
  )
  const ms = median(rounds.map((round) => round.ms))
  console.log(
    `a block touching ${touched}: ${ms.toFixed(2)} ms, ${rounds[0]!.records} records, ${(anew / ms).toFixed(0)}x less`,
  )
}
