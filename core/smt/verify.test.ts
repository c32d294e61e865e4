/** Proofs made by hand, each of which breaks one rule of the walker. */
import { describe, expect, it } from 'vitest'
import { fromHex, type Hash, ZERO_HASH } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import type { MultiProof } from './codec.ts'
import { hashLeaf } from './hash.ts'
import { computeRoots, proveKeys, verifyMultiProof } from './index.ts'
import { MapTree } from './testing/arbitraries.ts'

const key = (first: number, last = 0): Hash => new Uint8Array(32).fill(first, 0, 1).fill(last, 31)
const value = sha256(Uint8Array.of(1))

function treeOf(...keys: Hash[]): MapTree {
  const tree = new MapTree()
  tree.write(keys.map((of) => ({ key: of, valueHash: value })))
  return tree
}

function expectRefused(tree: MapTree, proof: MultiProof, message: RegExp): void {
  const queried = proof.keys.slice(0, proof.memberships.length)
  const verify = () => verifyMultiProof(proof, tree.root, queried)
  expect(verify).toThrowError(
    expect.objectContaining({ code: 'PROOF_INVALID', message: expect.stringMatching(message) }),
  )
  expect(() =>
    computeRoots(
      proof,
      queried.map(() => value),
    ),
  ).toThrowError(expect.objectContaining({ code: 'PROOF_INVALID' }))
}

const present = (leafIndex: number) => ({ present: true, leafIndex })
const absent = (leafIndex: number) => ({ present: false, leafIndex })
const empty = { kind: 0, hash: ZERO_HASH } as const

// 0x00 and 0x20 part at bit 2; 0x80 stands alone on the right.
const tree = treeOf(key(0x00), key(0x20), key(0x80))
const honest = proveKeys(tree.read, [key(0x00), key(0x90)])

describe('the strict walker', () => {
  it('starts from an honest proof', () => {
    expect(verifyMultiProof(honest, tree.root, [key(0x00), key(0x90)])).toEqual([value, ZERO_HASH])
    expect(honest.leaves.map(({ depth }) => depth)).toEqual([3, 1])
    expect([...honest.topology]).toEqual([0b001])
    expect(honest.siblings).toHaveLength(2)
  })

  it('P1: keys in order, witnesses used once', () => {
    const [first, second, witness] = honest.keys as [Hash, Hash, Hash]
    expectRefused(tree, { ...honest, keys: [second, first, witness] }, /queried keys are not strictly ascending/)
    expectRefused(tree, { ...honest, keys: [first, first, witness] }, /queried keys are not strictly ascending/)
    expectRefused(tree, { ...honest, keys: [...honest.keys, key(0xff)] }, /unused witness/)
    expectRefused(tree, { ...honest, keys: [...honest.keys, witness] }, /witness keys are not strictly ascending/)
    expect(() => computeRoots({ ...honest, keys: [first] }, [value, value])).toThrowError(/more memberships than keys/)
    const shifted = { ...honest, keys: [first, second, key(0x01), witness] }
    expectRefused(
      tree,
      { ...shifted, leaves: [honest.leaves[0]!, { ...honest.leaves[1]!, keyIndex: 3 }] },
      /witness key out of order/,
    )
    const alias = { ...honest, keys: [first, witness, witness], memberships: [present(0), present(1)] }
    expectRefused(tree, alias, /among the witness keys/)
  })

  it('P2: leaves in order, indices in range', () => {
    expectRefused(tree, { ...honest, leaves: honest.leaves.toReversed() }, /leaves are not strictly ascending/)
    expectRefused(
      tree,
      { ...honest, leaves: [honest.leaves[0]!, honest.leaves[0]!] },
      /unused witness|strictly ascending/,
    )
    expectRefused(tree, { ...honest, leaves: [{ ...honest.leaves[0]!, keyIndex: 9 }] }, /key index out of range/)
    expectRefused(
      tree,
      { ...honest, leaves: [{ ...honest.leaves[0]!, depth: 257 }, honest.leaves[1]!] },
      /malformed leaf/,
    )
    expectRefused(tree, { ...honest, memberships: [present(0), absent(2)] }, /leaf index out of range/)
  })

  it('P3: topology follows the keys, depths end the walk', () => {
    expectRefused(tree, { ...honest, topology: Uint8Array.of(0b000) }, /topology contradicts/)
    expectRefused(tree, { ...honest, topology: Uint8Array.of(0b011) }, /topology contradicts/)
    expectRefused(tree, { ...honest, leaves: [{ ...honest.leaves[0]!, depth: 0 }, honest.leaves[1]!] }, /leaf passed/)
    const deeper = { ...honest, leaves: [{ ...honest.leaves[0]!, depth: 4 }, honest.leaves[1]!] }
    expectRefused(tree, deeper, /exhausted/)
  })

  it('P4: a sibling is empty exactly when its hash is zero', () => {
    const [first, second] = honest.siblings as [(typeof honest.siblings)[0], (typeof honest.siblings)[0]]
    expectRefused(tree, { ...honest, siblings: [first, { kind: 1, hash: ZERO_HASH }] }, /contradicts its hash/)
    expectRefused(tree, { ...honest, siblings: [first, { kind: 0, hash: second.hash }] }, /contradicts its hash/)
  })

  it('P5: everything is consumed', () => {
    expectRefused(tree, { ...honest, siblings: honest.siblings.slice(1) }, /siblings exhausted/)
    expectRefused(tree, { ...honest, siblings: [...honest.siblings, empty] }, /siblings left over/)
    expectRefused(tree, { ...honest, topology: new Uint8Array(0) }, /topology exhausted/)
    expectRefused(tree, { ...honest, topology: Uint8Array.of(0b001, 0) }, /topology left over/)
    expectRefused(tree, { ...honest, topology: Uint8Array.of(0b1001) }, /padding/)
    const nothing = { keys: [], leaves: [], siblings: [], topology: new Uint8Array(0), memberships: [] }
    expectRefused(treeOf(), nothing, /asks for no key/)
  })

  it('P6: every answer is tied to its leaf, every leaf to an answer', () => {
    expectRefused(tree, { ...honest, memberships: [absent(0), absent(1)] }, /tag contradicts/)
    expectRefused(tree, { ...honest, memberships: [present(0), present(1)] }, /tag contradicts/)
    expectRefused(tree, { ...honest, memberships: [present(0), absent(0)] }, /stands elsewhere/)
    const unasked = { ...honest, keys: [honest.keys[0]!, honest.keys[2]!], memberships: [present(0)] }
    const leaves = [honest.leaves[0]!, { ...honest.leaves[1]!, keyIndex: 1 }]
    expectRefused(tree, { ...unasked, leaves }, /answers no key/)
    const emptyWitness: MultiProof = {
      keys: [key(0x40), key(0x41)],
      leaves: [{ depth: 2, keyIndex: 0, valueHash: ZERO_HASH }],
      siblings: [],
      topology: new Uint8Array(0),
      memberships: [present(0), absent(0)],
    }
    expectRefused(tree, emptyWitness, /empty leaf/)
    const emptyForeign = {
      ...emptyWitness,
      keys: [key(0x41), key(0x40)],
      leaves: [{ ...emptyWitness.leaves[0]!, keyIndex: 1 }],
    }
    expectRefused(tree, { ...emptyForeign, memberships: [absent(0)] }, /empty leaf/)
  })

  it('P7: a leaf cannot hide as sibling of an empty place on its own path', () => {
    const hidden = key(0x40)
    const alone = treeOf(hidden)
    const forged: MultiProof = {
      keys: [hidden],
      leaves: [{ depth: 1, keyIndex: 0, valueHash: ZERO_HASH }],
      siblings: [{ kind: 1, hash: hashLeaf(hidden, value) }],
      topology: Uint8Array.of(0),
      memberships: [present(0)],
    }
    expect(alone.root).toEqual(forged.siblings[0]!.hash)
    expectRefused(alone, forged, /leaf beside an empty place/)
    const other = key(0x80)
    const beside = {
      ...forged,
      keys: [hidden, other],
      leaves: [forged.leaves[0]!, { depth: 1, keyIndex: 1, valueHash: value }],
    }
    expectRefused(
      treeOf(other),
      { ...beside, siblings: [], topology: Uint8Array.of(1), memberships: [present(0), present(1)] },
      /leaf beside/,
    )
  })

  it('P8: an empty place is walked no further than needed', () => {
    const lone: MultiProof = {
      keys: [key(0x40)],
      leaves: [{ depth: 1, keyIndex: 0, valueHash: ZERO_HASH }],
      siblings: [empty],
      topology: Uint8Array.of(0),
      memberships: [present(0)],
    }
    expectRefused(treeOf(), lone, /walked too far/)
    const two = proveKeys(treeOf().read, [key(0x40), key(0x41)])
    expect(verifyMultiProof(two, ZERO_HASH, [key(0x40), key(0x41)])).toEqual([ZERO_HASH, ZERO_HASH])
  })

  it('refuses a proof of other keys than asked for, and new values that do not fit', () => {
    expect(() => verifyMultiProof(honest, tree.root, [key(0x00), key(0x91)])).toThrowError(/other keys/)
    expect(() => verifyMultiProof(honest, tree.root, [key(0x00)])).toThrowError(/other keys/)
    expect(() => verifyMultiProof(honest, fromHex('11'.repeat(32)), [key(0x00), key(0x90)])).toThrowError(
      /another root/,
    )
    for (const values of [[value], [value, value.subarray(1)]]) {
      expect(() => computeRoots(honest, values)).toThrowError(/one new value hash/)
    }
  })
})
