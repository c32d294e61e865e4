import fs from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compareBytes, fromHex, fromUtf8, hexKey, utf8 } from '../../core/bytes.ts'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { payloadDigest } from '../kip/hashing.ts'
import * as formulas from './hashing.ts'
import { decodeLaneProof, encodeLaneProof, rootOfLaneProof } from './proof.ts'
import { type DagBlock, SeqCommitDag } from './testing/dag.ts'
import { EMPTY_LANES, lanesRoot } from './tree.ts'

interface Goldens {
  readonly vectors: Readonly<
    Record<string, { readonly in: Readonly<Record<string, string | number>>; readonly out: string }>
  >
}

interface LaneTrees {
  readonly empty_hashes: readonly string[]
  readonly trees: readonly {
    readonly leaves: readonly (readonly [key: string, leaf: string])[]
    readonly root: string
    readonly proofs: readonly { readonly key: string; readonly leaf: string | null; readonly proof: string }[]
  }[]
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

const trees = sharedVectors<LaneTrees>('kip21_lane_smt.json')

describe.skipIf(trees === undefined)('kip21_lane_smt.json', () => {
  it('empty subtrees of every height', () => {
    expect(EMPTY_LANES.map(hexKey)).toEqual(trees!.empty_hashes)
  })

  it('roots of trees, and every proof', () => {
    let proofs = 0
    for (const tree of trees!.trees) {
      const lanes = tree.leaves
        .map(([key, leaf]) => ({ key: fromHex(key), leaf: fromHex(leaf) }))
        .toSorted((a, b) => compareBytes(a.key, b.key))
      expect(hexKey(lanesRoot(lanes))).toBe(tree.root)
      for (const { key, leaf, proof } of tree.proofs) {
        const decoded = decodeLaneProof(fromHex(proof))
        expect(decoded.ok).toBe(true)
        if (!decoded.ok) continue
        expect(hexKey(encodeLaneProof(decoded.value))).toBe(proof)
        const given = leaf === null ? undefined : fromHex(leaf)
        expect(hexKey(rootOfLaneProof(decoded.value, fromHex(key), given)!)).toBe(tree.root)
        proofs++
      }
    }
    expect(proofs).toBe(62)
  })
})

const DAG = new URL('../../../shared/vectors/dag_goref_1060_tx_265_blocks.json.gz', import.meta.url)

describe.skipIf(!fs.existsSync(DAG))('dag_goref_1060_tx_265_blocks.json.gz', () => {
  it('the commitment of every block', () => {
    const [params, ...blocks] = fromUtf8(gunzipSync(fs.readFileSync(DAG)))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const dag = new SeqCommitDag(params.blockrate.finality_depth)
    for (const block of blocks as DagBlock[]) {
      expect(hexKey(dag.add(block)), block.header.hash).toBe(block.header.acceptedIdMerkleRoot)
    }
    expect(blocks).toHaveLength(266)
  })
})
