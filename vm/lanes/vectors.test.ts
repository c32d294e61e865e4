import { describe, expect, it } from 'vitest'
import { fromHex, hexKey, utf8 } from '../../core/bytes.ts'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { payloadDigest } from '../kip/hashing.ts'
import * as formulas from './hashing.ts'
import { lanesRoot } from './tree.ts'

interface Goldens {
  readonly vectors: Readonly<
    Record<string, { readonly in: Readonly<Record<string, string | number>>; readonly out: string }>
  >
}

const goldens = sharedVectors<Goldens>('kip21_goldens.json')

describe.skipIf(goldens === undefined)('kip21_goldens.json', () => {
  const { vectors } = goldens ?? { vectors: {} }
  const bytes = (name: string, field: string): Uint8Array => fromHex(String(vectors[name]!.in[field]))
  const number = (name: string, field: string): number => Number(vectors[name]!.in[field])
  const text = (name: string): Uint8Array => utf8(String(vectors[name]!.in.payload_utf8))

  it.each([
    ['lane_key', () => formulas.laneKey(bytes('lane_key', 'lane_id'))],
    ['coinbase_lane_key', () => formulas.laneKey(bytes('coinbase_lane_key', 'lane_id'))],
    [
      'activity_leaf',
      () =>
        formulas.activityLeaf({
          txId: bytes('activity_leaf', 'tx_id'),
          version: number('activity_leaf', 'version'),
          mergeIndex: number('activity_leaf', 'merge_idx'),
        }),
    ],
    [
      'lane_tip_next',
      () =>
        formulas.nextTip(
          bytes('lane_tip_next', 'parent_ref'),
          formulas.laneKey(bytes('lane_tip_next', 'lane_id')),
          bytes('lane_tip_next', 'activity_digest'),
          bytes('lane_tip_next', 'context_hash'),
        ),
    ],
    ['miner_payload_hash', () => payloadDigest(text('miner_payload_hash'))],
    [
      'miner_payload_leaf',
      () =>
        formulas.minerLeaf(
          bytes('miner_payload_leaf', 'block_hash'),
          formulas.strippedBigEndian(BigInt(String(vectors.miner_payload_leaf!.in.blue_work))),
          text('miner_payload_leaf'),
        ),
    ],
    [
      'seq_state_root',
      () =>
        formulas.stateRoot(
          bytes('seq_state_root', 'activity_root'),
          formulas.payloadAndContext(bytes('seq_state_root', 'context_hash'), bytes('seq_state_root', 'payload_root')),
        ),
    ],
    [
      'seq_commit',
      () => formulas.seqCommit(bytes('seq_commit', 'parent_seq_commit'), bytes('seq_commit', 'state_root')),
    ],
  ] as const)('%s', (name, compute) => {
    expect(hexKey(compute())).toBe(vectors[name]!.out)
  })

  it('has no other', () => {
    expect(Object.keys(vectors)).toHaveLength(8)
  })
})

interface Intermediates {
  readonly blocks: readonly {
    readonly block: string
    readonly context: {
      readonly selected_parent_timestamp: number
      readonly daa_score: number
      readonly blue_score: number
      readonly hash: string
    }
    readonly lanes_after: readonly {
      readonly lane_id: string
      readonly lane_key: string
      readonly tip: string
      readonly blue_score: number
      readonly leaf: string
    }[]
    readonly miner_payload_leaves: readonly string[]
    readonly [hash: string]: unknown
  }[]
}

const FILE = 'kip21_intermediates_goref_1060_tx_265_blocks.json'
const intermediates = sharedVectors<Intermediates>(FILE)

describe.skipIf(intermediates === undefined)(FILE, () => {
  it.each(intermediates?.blocks ?? [])('every step to the commitment of $block', (block) => {
    const { context, lanes_after, miner_payload_leaves } = block
    const hash = (name: string): Uint8Array => fromHex(String(block[name]))
    const lanes = lanes_after.map((lane) => {
      const key = formulas.laneKey(fromHex(lane.lane_id))
      const leaf = formulas.laneLeaf(fromHex(lane.tip), lane.blue_score)
      expect([hexKey(key), hexKey(leaf)]).toEqual([lane.lane_key, lane.leaf])
      return { key, leaf }
    })
    const { selected_parent_timestamp: timestampMs, daa_score: daaScore, blue_score: blueScore } = context
    const ordered = lanes.toSorted((a, b) => (hexKey(a.key) < hexKey(b.key) ? -1 : 1))
    const found = {
      context: formulas.contextHash({ timestampMs, daaScore, blueScore }),
      lanes_root: lanesRoot(ordered),
      activity_root: formulas.activityRoot(hash('inactivity_shortcut'), hash('lanes_root')),
      payload_root: formulas.paddedRoot(miner_payload_leaves.map((leaf) => fromHex(leaf))),
      payload_and_ctx_digest: formulas.payloadAndContext(fromHex(context.hash), hash('payload_root')),
      state_root: formulas.stateRoot(hash('activity_root'), hash('payload_and_ctx_digest')),
      seq_commit_header: formulas.seqCommit(hash('parent_seq_commit'), hash('state_root')),
    }
    const expected = Object.keys(found).map((name) => (name === 'context' ? context.hash : block[name]))
    expect(Object.values(found).map(hexKey)).toEqual(expected)
  })
})
