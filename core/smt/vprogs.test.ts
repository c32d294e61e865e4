/**
 * Against the stored nodes of the vProgs framework itself; its roots and proofs are a conformance file. Its stores differ
 * from ours in three ways, none of which shows in a root or a proof: it leaves nodes below a promoted leaf where they are
 * (we put tombstones), it does not mark the promoted leaf's old place as stale, and it rewrites an untouched sibling that
 * it read.
 */
import { describe, expect, it } from 'vitest'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { fromHex, hexKey } from '../bytes.ts'
import { MemoryStore } from '../kv.ts'
import { computeRoots, decodeMultiProof, updateTree, VersionedTree } from './index.ts'
import { TreeLayout } from './layout.ts'
import { encodeNode } from './node.ts'

interface Scenario {
  readonly name: string
  readonly versions: readonly { readonly version: number; readonly writes: [string, string][]; readonly root: string }[]
  /** Position, version, encoding. */
  readonly nodes: readonly [string, number, string][]
  /** Stale since, position, superseded version. */
  readonly stale: readonly [number, string, number][]
}

interface Vectors {
  readonly scenarios: readonly Scenario[]
  readonly must_reject_forged_absence: { readonly proof: string }
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
    it(`stored nodes and stale markers: ${scenario.name}`, async () => {
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
  }

  it('the forged absence has no roots', () => {
    const { proof } = vectors!.must_reject_forged_absence
    const forged = decodeMultiProof(fromHex(proof))
    const queried = forged.keys.slice(0, forged.memberships.length)
    expect(() => computeRoots(forged, queried)).toThrowError(expect.objectContaining({ code: 'PROOF_INVALID' }))
  })
})
