import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, equalBytes, fromHex, type Hash, hexKey, ZERO_HASH } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { decodeMultiProof, encodeMultiProof, MAX_PROOF_BYTES, type MultiProof } from './codec.ts'
import { computeRoots, proveKey, proveKeys, verifyKey, verifyMultiProof } from './index.ts'
import vectors from './smt.vectors.json' with { type: 'json' }
import { arbitraryKey, arbitraryValueHash, arbitraryWrites, MapTree } from './testing/arbitraries.ts'
import { ReferenceTree } from './testing/reference.ts'

const refused = expect.objectContaining({ code: 'PROOF_INVALID' })
const sorted = (keys: readonly Hash[]): Hash[] => [...keys].sort(compareBytes)
const arbitraryKeys = fc.uniqueArray(arbitraryKey(), { minLength: 1, maxLength: 8, selector: hexKey }).map(sorted)

function treeOf(writes: Parameters<MapTree['write']>[0]) {
  const tree = new MapTree()
  tree.write(writes)
  const reference = new ReferenceTree()
  for (const { key, valueHash } of writes) reference.write(key, valueHash)
  return { tree, reference }
}

describe('multi-proofs', () => {
  it('show present and absent keys of random trees, and survive the wire', () => {
    fc.assert(
      fc.property(arbitraryWrites(24), arbitraryKeys, (writes, keys) => {
        const { tree, reference } = treeOf(writes)
        const proof = proveKeys(tree.read, keys)
        const truth = keys.map((key) => reference.valueHash(key))
        expect(verifyMultiProof(proof, tree.root, keys)).toEqual(truth)
        const bytes = encodeMultiProof(proof)
        expect(verifyMultiProof(decodeMultiProof(bytes), tree.root, keys)).toEqual(truth)
        expect(encodeMultiProof(decodeMultiProof(bytes))).toEqual(bytes)
      }),
      { numRuns: 150 },
    )
  })

  it('give the root after new values', () => {
    fc.assert(
      fc.property(arbitraryWrites(24), arbitraryKeys, fc.infiniteStream(arbitraryValueHash), (writes, keys, stream) => {
        const { tree, reference } = treeOf(writes)
        const newValueHashes = keys.map(() => stream.next().value)
        keys.forEach((key, i) => {
          reference.write(key, newValueHashes[i]!)
        })
        const { previousRoot, newRoot } = computeRoots(proveKeys(tree.read, keys), newValueHashes)
        expect(hexKey(previousRoot)).toBe(hexKey(tree.root))
        expect(hexKey(newRoot)).toBe(hexKey(reference.root()))
      }),
      { numRuns: 150 },
    )
  })

  it('prove one key in the same form', () => {
    const { tree } = treeOf(
      [1, 2, 3].map((i) => ({ key: sha256(Uint8Array.of(i)), valueHash: sha256(Uint8Array.of(0, i)) })),
    )
    const [key, absent] = [sha256(Uint8Array.of(2)), sha256(Uint8Array.of(9))]
    expect(verifyKey(proveKey(tree.read, key), tree.root, key)).toEqual(sha256(Uint8Array.of(0, 2)))
    expect(verifyKey(proveKey(tree.read, absent), tree.root, absent)).toEqual(ZERO_HASH)
    expect(() => verifyKey(proveKey(tree.read, absent), tree.root, key)).toThrowError(refused)
    expect(() => verifyKey(proveKey(tree.read, key), sha256(key), key)).toThrowError(refused)
    expect(sha256(proveKey(tree.read, key), proveKey(tree.read, absent))).toEqual(fromHex(vectors.proofs))
  })

  it('are not built for keys out of order, repeated, cut off or missing', () => {
    const [low, high] = [new Uint8Array(32), new Uint8Array(32).fill(1)]
    for (const keys of [[high, low], [low, low], [low.subarray(1)], []]) {
      expect(() => proveKeys(() => undefined, keys)).toThrowError(
        expect.objectContaining({ code: 'PROOF_KEYS_INVALID' }),
      )
    }
  })
})

describe('the decoder', () => {
  const { tree } = treeOf(
    [1, 2, 3].map((i) => ({ key: sha256(Uint8Array.of(i)), valueHash: sha256(Uint8Array.of(i)) })),
  )
  const bytes = proveKey(tree.read, sha256(Uint8Array.of(7)))

  it('refuses every cut and every surplus', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeMultiProof(bytes.subarray(0, length))).toThrowError(refused)
    }
    expect(() => decodeMultiProof(Uint8Array.of(...bytes, 0))).toThrowError(refused)
  })

  it('refuses counts beyond the bytes, fields out of range, and oversize', () => {
    const altered = (offset: number, ...values: number[]) => {
      const copy = bytes.slice()
      copy.set(values, offset)
      return copy
    }
    const keysEnd = 4 + 32 * bytes[0]!
    const leavesEnd = keysEnd + 4 + 38
    const cases = [
      altered(0, 255, 255, 255, 255),
      altered(keysEnd, 255, 255, 255, 127),
      altered(keysEnd + 4, 1, 1),
      altered(leavesEnd + 4, 3),
      altered(bytes.length - 5, 2),
      new Uint8Array(MAX_PROOF_BYTES + 1),
    ]
    for (const wrong of cases) expect(() => decodeMultiProof(wrong)).toThrowError(refused)
  })

  it('never verifies a false claim from changed bytes, nor the same claim from other bytes', () => {
    const mutation = fc.record({ at: fc.nat(), to: fc.nat(255), kind: fc.constantFrom('set', 'flip', 'cut', 'insert') })
    fc.assert(
      fc.property(
        arbitraryWrites(12),
        arbitraryKeys,
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (writes, keys, mutations) => {
          const { tree, reference } = treeOf(writes)
          const honest = encodeMultiProof(proveKeys(tree.read, keys))
          let changed = [...honest]
          for (const { at, to, kind } of mutations) {
            const i = at % changed.length
            if (kind === 'set') changed[i] = to
            if (kind === 'flip') changed[i] = changed[i]! ^ (1 << (to & 7))
            if (kind === 'cut') changed = changed.toSpliced(i, 1)
            if (kind === 'insert') changed = changed.toSpliced(i, 0, to)
          }
          const bytes = Uint8Array.from(changed)
          if (equalBytes(bytes, honest)) return
          let proof: MultiProof
          let claimed: Hash[]
          let queried: readonly Hash[]
          try {
            proof = decodeMultiProof(bytes)
            queried = proof.keys.slice(0, proof.memberships.length)
            claimed = verifyMultiProof(proof, tree.root, queried)
          } catch (error) {
            expect(error).toEqual(refused)
            return
          }
          // Another question may have been answered, but then with the one true proof.
          expect(claimed).toEqual(queried.map((key) => reference.valueHash(key)))
          expect(encodeMultiProof(proveKeys(tree.read, queried))).toEqual(bytes)
        },
      ),
      { numRuns: 1500 },
    )
  })
})
