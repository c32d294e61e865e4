import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey, ZERO_HASH } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { hashInternal, hashLeaf, pureTreeHashes } from './hash.ts'
import { combine, decodeNode, EMPTY_NODE, encodeNode, leafNode, type TreeNode } from './node.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const a = new Uint8Array(32).fill(1)
const b = new Uint8Array(32).fill(2)
const leaf = leafNode(a, b)
const internal: TreeNode = { kind: 2, hash: b }

describe('tree hashes', () => {
  it('agree between the fast backend, the pure one and the definition', () => {
    fc.assert(
      fc.property(hash, hash, fc.nat(2), fc.nat(2), (left, right, kindLeft, kindRight) => {
        expect(hexKey(hashLeaf(left, right))).toBe(hexKey(sha256(Uint8Array.of(1), left, right)))
        expect(hexKey(pureTreeHashes.hashLeaf(left, right))).toBe(hexKey(hashLeaf(left, right)))
        const inner = hashInternal(kindLeft, kindRight, left, right)
        expect(hexKey(inner)).toBe(hexKey(sha256(Uint8Array.of(2, kindLeft, kindRight), left, right)))
        expect(hexKey(pureTreeHashes.hashInternal(kindLeft, kindRight, left, right))).toBe(hexKey(inner))
      }),
    )
  })
})

describe('combine', () => {
  it('promotes a leaf beside an empty place, and only a leaf', () => {
    expect(combine<TreeNode>(leaf, EMPTY_NODE)).toBe(leaf)
    expect(combine<TreeNode>(EMPTY_NODE, leaf)).toBe(leaf)
    expect(combine<TreeNode>(EMPTY_NODE, EMPTY_NODE)).toBe(EMPTY_NODE)
    expect(combine<TreeNode>(internal, EMPTY_NODE)).toEqual({ kind: 2, hash: hashInternal(2, 0, b, ZERO_HASH) })
    expect(combine<TreeNode>(EMPTY_NODE, internal)).toEqual({ kind: 2, hash: hashInternal(0, 2, ZERO_HASH, b) })
    expect(combine<TreeNode>(leaf, leaf)).toEqual({ kind: 2, hash: hashInternal(1, 1, leaf.hash, leaf.hash) })
  })
})

describe('stored nodes', () => {
  it('take 1, 97 and 33 bytes and come back', () => {
    expect([EMPTY_NODE, leaf, internal].map((node) => encodeNode(node).length)).toEqual([1, 97, 33])
    for (const node of [EMPTY_NODE, leaf, internal]) expect(decodeNode(encodeNode(node))).toEqual(node)
  })

  it('are refused in any other form', () => {
    const valueless = encodeNode(leaf).fill(0, 33, 65)
    const malformed = [
      new Uint8Array(0),
      new Uint8Array(2),
      Uint8Array.of(3),
      encodeNode(leaf).subarray(1),
      encodeNode(leaf).subarray(0, 96),
      encodeNode(internal).subarray(0, 32),
      valueless,
    ]
    for (const bytes of malformed) {
      expect(() => decodeNode(bytes)).toThrowError(expect.objectContaining({ code: 'NODE_INVALID' }))
    }
  })
})
