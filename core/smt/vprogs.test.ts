/**
 * Against trees, proofs and stored nodes of the vProgs framework itself. Its stores differ from ours in three ways,
 * none of which shows in a root or a proof: it leaves nodes below a promoted leaf where they are (we put tombstones),
 * it does not mark the promoted leaf's old place as stale, and it rewrites an untouched sibling that it read.
 */
import { describe, expect, it } from 'vitest'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { fromHex, hexKey } from '../bytes.ts'
import { MemoryStore } from '../kv.ts'
import {
  computeRoots,
  decodeMultiProof,
  encodeMultiProof,
  proveKeys,
  updateTree,
  VersionedTree,
  verifyMultiProof,
} from './index.ts'
import { TreeLayout } from './layout.ts'
import { encodeNode } from './node.ts'
import { MapTree } from './testing/arbitraries.ts'

interface Scenario {
  readonly name: string
  readonly versions: readonly { readonly version: number; readonly writes: [string, string][]; readonly root: string }[]
  readonly proofs: readonly {
    readonly version: number
    readonly keys: string[]
    readonly old_value_hashes: string[]
    readonly new_value_hashes: string[]
    readonly proof: string
    readonly prev_root: string
    readonly new_root: string
  }[]
  /** Position, version, encoding. */
  readonly nodes: readonly [string, number, string][]
  /** Stale since, position, superseded version. */
  readonly stale: readonly [number, string, number][]
}

interface Vectors {
  readonly scenarios: readonly Scenario[]
  readonly must_reject_forged_absence: {
    readonly tree: [string, string][]
    readonly root: string
    readonly proof: string
  }
}

const vectors = sharedVectors<Vectors>('vprogs_smt.json')

const writesOf = (pairs: readonly [string, string][]) =>
  pairs.map(([key, valueHash]) => ({ key: fromHex(key), valueHash: fromHex(valueHash) }))

/** All versions of the scenario in one store. */
async function replay({ versions }: Scenario) {
  const store = new MemoryStore()
  const tree = new VersionedTree(store)
  for (const { version, writes, root } of versions) {
    const update = updateTree(tree.read, writesOf(writes))
    expect(hexKey(update.root)).toBe(root)
    await store.write(tree.commit(version, update))
  }
  return { store, tree }
}

describe.skipIf(vectors === undefined)('vProgs tree vectors', () => {
  it('hold four scenarios', () => {
    expect(vectors?.scenarios).toHaveLength(4)
  })

  for (const scenario of vectors?.scenarios ?? []) {
    describe(scenario.name, () => {
      it('roots, and proofs byte for byte with both roots', async () => {
        const { tree } = await replay(scenario)
        expect(scenario.proofs.length).toBeGreaterThan(0)
        for (const vector of scenario.proofs) {
          const keys = vector.keys.map(fromHex)
          const prevRoot = fromHex(vector.prev_root)
          const proof = proveKeys(await tree.readerAt(vector.version, keys), keys)
          expect(hexKey(encodeMultiProof(proof))).toBe(vector.proof)
          const decoded = decodeMultiProof(fromHex(vector.proof))
          expect(verifyMultiProof(decoded, prevRoot, keys).map(hexKey)).toEqual(vector.old_value_hashes)
          const { previousRoot, newRoot } = computeRoots(decoded, vector.new_value_hashes.map(fromHex))
          expect([hexKey(previousRoot), hexKey(newRoot)]).toEqual([vector.prev_root, vector.new_root])
        }
      })

      it('stored nodes and stale markers', async () => {
        const { store, tree } = await replay(scenario)
        const theirs = new Map(scenario.nodes.map(([position, version, node]) => [`${version}/${position}`, node]))
        const ours = new Map<string, string>()
        const stale = new Map<string, number>()
        const layout = new TreeLayout(new Uint8Array(0))
        for await (const [key, value] of store.entries(layout.markerRange(1, tree.latest))) {
          const { version, position, superseded } = layout.decodeMarker(key, value)
          ours.set(`${version}/${hexKey(position)}`, hexKey(encodeNode(await tree.nodeAt(position, version))))
          if (superseded !== 0) stale.set(`${version}/${hexKey(position)}`, superseded)
        }
        for (const [at, node] of theirs) {
          const [version, position] = at.split('/') as [string, string]
          const rewritten = theirs.get(`${Number(version) - 1}/${position}`) === node
          if (!rewritten) expect(ours.get(at)).toBe(node)
        }
        for (const [at, node] of ours) if (!theirs.has(at)) expect(node).toBe('00')
        for (const [since, position, superseded] of scenario.stale) {
          expect(stale.get(`${since}/${position}`)).toBe(superseded)
        }
        const marked = new Set(scenario.stale.map(([since, position]) => `${since}/${position}`))
        for (const at of stale.keys()) if (!marked.has(at)) expect(ours.get(at)).toBe('00')
      })
    })
  }

  it('the forged absence is refused', () => {
    const forged = vectors!.must_reject_forged_absence
    const tree = new MapTree()
    tree.write(writesOf(forged.tree))
    expect(hexKey(tree.root)).toBe(forged.root)
    const proof = decodeMultiProof(fromHex(forged.proof))
    const queried = proof.keys.slice(0, proof.memberships.length)
    const refused = expect.objectContaining({ code: 'PROOF_INVALID' })
    expect(() => verifyMultiProof(proof, tree.root, queried)).toThrowError(refused)
    expect(() => computeRoots(proof, queried)).toThrowError(refused)
  })
})
