/**
 * KIP-21's lane trees: `empty_hashes` of subtrees by height, and `trees` {leaves: [key, leaf][], root, proofs: {key, leaf or
 * null for absence, proof}[]} with proofs in KIP-21's wire form.
 */
import { compareBytes, hexKey } from '../../core/bytes.ts'
import { decodeLaneProof, encodeLaneProof, rootOfLaneProof } from '../lanes/proof.ts'
import { EMPTY_LANES, lanesRoot } from '../lanes/tree.ts'
import { type Check, compare } from './check.ts'
import type { JsonValue } from './json-value.ts'

/** @throws QuernError `VECTOR_MALFORMED` */
export function* kip21LaneChecks(json: JsonValue): Generator<Check> {
  for (const [height, hash] of (json.optional('empty_hashes')?.list() ?? []).entries()) {
    const ours = EMPTY_LANES[height]
    const found = ours === undefined ? `no subtree: the tree has ${EMPTY_LANES.length - 1} levels` : hexKey(ours)
    yield compare(`empty subtree ${height}`, hexKey(hash.bytes(32)), found)
  }
  for (const [t, tree] of json.field('trees').list().entries()) {
    const lanes = tree
      .field('leaves')
      .list()
      .map((leaf) => ({ key: leaf.item(0).bytes(32), leaf: leaf.item(1).bytes(32) }))
      .toSorted((a, b) => compareBytes(a.key, b.key))
    const root = hexKey(tree.field('root').bytes(32))
    yield compare(`tree ${t}: root of ${lanes.length} lanes`, root, hexKey(lanesRoot(lanes)))
    for (const [p, proof] of tree.field('proofs').list().entries()) {
      yield* proofChecks(`tree ${t}, proof ${p}`, proof, root)
    }
  }
}

function* proofChecks(name: string, json: JsonValue, root: string): Generator<Check> {
  const bytes = json.field('proof').bytes()
  const decoded = decodeLaneProof(bytes)
  if (!decoded.ok) {
    yield compare(`${name}: root`, root, `${decoded.error.code}: ${decoded.error.message}`)
    return
  }
  yield compare(`${name}: encoding`, hexKey(bytes), hexKey(encodeLaneProof(decoded.value)))
  const found = rootOfLaneProof(decoded.value, json.field('key').bytes(32), json.optional('leaf')?.bytes(32))
  yield compare(`${name}: root`, root, found === undefined ? 'says nothing about the key' : hexKey(found))
}
