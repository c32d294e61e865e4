import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, type Hash, hexKey, utf8, ZERO_HASH } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { MemoryStore } from '../kv.ts'
import { proveKeys, type TreeWrite, updateTree, VersionedTree, verifyMultiProof } from './index.ts'
import { EMPTY_NODE } from './node.ts'
import { positionId, ROOT_POSITION } from './position.ts'
import { arbitraryWrites } from './testing/arbitraries.ts'
import { ReferenceTree } from './testing/reference.ts'

const write = (i: number): TreeWrite => ({ key: sha256(Uint8Array.of(i)), valueHash: sha256(Uint8Array.of(1, i)) })

async function dump(store: MemoryStore): Promise<Map<string, string>> {
  const entries = new Map<string, string>()
  for await (const [key, value] of store.entries()) entries.set(hexKey(key), hexKey(value))
  return entries
}

async function commit(store: MemoryStore, tree: VersionedTree, version: number, writes: TreeWrite[]): Promise<void> {
  await store.write(tree.commit(version, updateTree(tree.read, writes)))
}

type Step =
  | { readonly do: 'commit'; readonly writes: TreeWrite[]; readonly skip: number }
  | { readonly do: 'rollback' | 'prune'; readonly back: number }

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('commit' as const), writes: arbitraryWrites(6, 2), skip: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rollback' as const, 'prune' as const), back: fc.nat(3) }) },
)

/** The same history, kept as whole copies. */
class Model {
  readonly versions = new Map<number, ReferenceTree>([[0, new ReferenceTree()]])
  readonly dumps = new Map<number, Map<string, string>>()
  get kept(): number[] {
    return [...this.versions.keys()].sort((a, b) => a - b)
  }
}

async function checkAgainst(model: Model, tree: VersionedTree): Promise<void> {
  expect([tree.oldest, tree.latest]).toEqual([model.kept[0], model.kept.at(-1)])
  const keys = new Map<string, Hash>()
  for (const reference of model.versions.values()) {
    for (const key of reference.values.keys()) keys.set(key, Uint8Array.from(Buffer.from(key, 'hex')))
  }
  const queried = [...keys.keys()].sort().map((key) => keys.get(key)!)
  for (const [version, reference] of model.versions) {
    const root = await tree.rootAt(version)
    expect(hexKey(root)).toBe(hexKey(reference.root()))
    if (queried.length === 0) continue
    const proof = proveKeys(await tree.readerAt(version, queried), queried)
    expect(verifyMultiProof(proof, root, queried)).toEqual(queried.map((key) => reference.valueHash(key)))
  }
  expect(tree.root).toEqual(await tree.rootAt(tree.latest))
}

describe('VersionedTree', () => {
  it('agrees with whole copies through commits, rollbacks and prunings', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryStep, { maxLength: 12 }), async (steps) => {
        const store = new MemoryStore()
        const tree = new VersionedTree(store, utf8('tree/'))
        const model = new Model()
        for (const step of steps) {
          const target = step.do === 'commit' ? 0 : model.kept.at(-1 - Math.min(step.back, model.kept.length - 1))!
          if (step.do === 'commit') {
            const version = tree.latest + 1 + step.skip
            const reference = new ReferenceTree(model.versions.get(tree.latest)!.values)
            for (const { key, valueHash } of step.writes) reference.write(key, valueHash)
            await commit(store, tree, version, step.writes)
            model.versions.set(version, reference)
            model.dumps.set(version, await dump(store))
          } else if (step.do === 'rollback') {
            await store.write(await tree.rollback(target))
            for (const version of model.kept) if (version > target) model.versions.delete(version)
            const before = model.dumps.get(target)
            if (before !== undefined) expect(await dump(store)).toEqual(before)
          } else {
            await store.write(await tree.prune(target))
            for (const version of model.kept) if (version < target) model.versions.delete(version)
            // What the store held at a version before a pruning is no longer what a rollback to it gives.
            model.dumps.clear()
            model.dumps.set(tree.latest, await dump(store))
          }
          await checkAgainst(model, tree)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('prunes to exactly the nodes of the one version left', async () => {
    const store = new MemoryStore()
    const tree = new VersionedTree(store)
    for (let version = 1; version <= 20; version++) {
      const gone = { key: write(version - 3).key, valueHash: ZERO_HASH }
      await commit(store, tree, version, [write(version), write(100 + version), gone])
    }
    await store.write(await tree.prune(20))
    const fresh = new MemoryStore()
    const once = new VersionedTree(fresh)
    const left = Array.from({ length: 20 }, (_, i) => write(101 + i)).concat([18, 19, 20].map(write))
    await fresh.write(once.commit(20, updateTree(once.read, left)))
    await fresh.write(await once.prune(20))
    expect(tree.root).toEqual(once.root)
    const nodes = async (of: MemoryStore) =>
      new Map([...(await dump(of))].map(([key, value]) => [key, value.slice(16)]))
    expect(await nodes(store)).toEqual(await nodes(fresh))
  })

  it('keeps two trees in one store apart', async () => {
    const store = new MemoryStore()
    const [one, two] = [new VersionedTree(store, utf8('1/')), new VersionedTree(store, utf8('2/'))]
    await commit(store, one, 1, [write(1)])
    await commit(store, two, 5, [write(2), write(3)])
    await store.write(await one.rollback(0))
    expect([one.root, one.latest, two.latest]).toEqual([ZERO_HASH, 0, 5])
    expect(two.root).toEqual(updateTree(() => undefined, [write(2), write(3)]).root)
  })

  it('skips an empty node where nothing is stored', async () => {
    const store = new MemoryStore()
    const tree = new VersionedTree(store)
    const nodes = new Map([[positionId(ROOT_POSITION), EMPTY_NODE]])
    expect(tree.commit(1, { root: ZERO_HASH, nodes })).toHaveLength(1)
  })

  it('holds versions beyond 32 bits', async () => {
    const store = new MemoryStore()
    const tree = new VersionedTree(store)
    await commit(store, tree, 2 ** 32 - 1, [write(1)])
    await commit(store, tree, 2 ** 40 + 3, [write(2)])
    expect(tree.latest).toBe(2 ** 40 + 3)
    expect(await tree.rootAt(2 ** 32)).toEqual(updateTree(() => undefined, [write(1)]).root)
  })

  it('refuses versions that are not kept, nodes that were not loaded, and a damaged store', async () => {
    const store = new MemoryStore()
    const tree = new VersionedTree(store)
    const invalid = expect.objectContaining({ code: 'TREE_VERSION_INVALID' })
    await commit(
      store,
      tree,
      4,
      Array.from({ length: 30 }, (_, i) => write(i)),
    )
    await commit(store, tree, 6, [write(30)])
    await store.write(await tree.prune(4))
    const empty = { root: ZERO_HASH, nodes: new Map() }
    expect(() => tree.commit(6, empty)).toThrowError(invalid)
    expect(() => tree.commit(7.5, empty)).toThrowError(invalid)
    for (const version of [3, 7, 5.5]) await expect(tree.rollback(version)).rejects.toThrowError(invalid)
    await expect(tree.prune(7)).rejects.toThrowError(invalid)
    await expect(tree.rootAt(3)).rejects.toThrowError(invalid)
    expect(await tree.prune(3)).toEqual([])
    const reader = await tree.readerAt(5, [write(1).key])
    expect(() => proveKeys(reader, [write(1).key])).not.toThrow()
    expect(() =>
      proveKeys(
        reader,
        [write(1).key, write(3).key].sort((a, b) => a[0]! - b[0]!),
      ),
    ).toThrowError(expect.objectContaining({ code: 'TREE_NODE_NOT_LOADED' }))
    const history: Uint8Array[] = []
    for await (const [key] of store.entries({ gte: Uint8Array.of(1), lt: Uint8Array.of(2) })) history.push(key)
    await store.write(history.map((key) => ({ type: 'delete', key })))
    const corrupt = expect.objectContaining({ code: 'TREE_STORE_CORRUPT' })
    await expect(tree.rollback(4)).rejects.toThrowError(corrupt)
    await store.write([{ type: 'put', key: concatBytes(Uint8Array.of(0), ROOT_POSITION), value: new Uint8Array(8) }])
    expect(() => tree.root).toThrowError(corrupt)
    await store.write([{ type: 'put', key: Uint8Array.of(3), value: new Uint8Array(15) }])
    expect(() => tree.latest).toThrowError(corrupt)
  })
})
