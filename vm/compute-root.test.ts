import { describe, expect, test } from 'vitest'
import { concatBytes, hexKey, utf8 } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { verifyMerklePath } from '../core/merkle.ts'
import { sharedVectors } from '../test/shared-vectors.ts'
import { computeLeaf, computeProof, computeRoot, computeRootOfLeaves, resultJson } from './compute-root.ts'
import type { ComputeResult } from './transaction/types.ts'

const result = (nonce: number, over: Partial<ComputeResult> = {}): ComputeResult => ({
  taskId: Uint8Array.from({ length: 16 }, (_, i) => 16 * i + 1),
  workerAddress: new Uint8Array(20),
  resultHash: new Uint8Array(32).fill(0xab),
  proof: undefined,
  nonce,
  signature: undefined,
  ...over,
})
const results = [0, 1, 2].map((nonce) => result(nonce))

describe('the leaf', () => {
  test('is the hash of exactly this text', () => {
    const json =
      '{"task_id":"01112131-4151-6171-8191-a1b1c1d1e1f1",' +
      '"worker_address":"cpc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc58w28",' +
      `"result_hash":"${'ab'.repeat(32)}","proof":null,"nonce":9007199254740991,"signature":null}`
    expect(resultJson(result(Number.MAX_SAFE_INTEGER))).toBe(json)
    expect(computeRoot([result(Number.MAX_SAFE_INTEGER)])).toEqual(sha256(utf8(json)))
  })

  test('writes present proofs and signatures as hex', () => {
    const json = resultJson(result(0, { proof: Uint8Array.of(0, 0xff), signature: Uint8Array.of(0x0a) }))
    expect(json).toContain('"proof":"00ff","nonce":0,"signature":"0a"}')
  })
})

describe('the root', () => {
  test('is empty bytes without results', () => {
    expect(computeRoot([])).toEqual(new Uint8Array(0))
  })

  test('is RFC 6962’s with 0x01 before inner nodes', () => {
    const [a, b, c] = results.map((r) => sha256(utf8(resultJson(r))))
    const node = (left: Uint8Array, right: Uint8Array) => sha256(concatBytes(Uint8Array.of(1), left, right))
    expect(computeRoot(results)).toEqual(node(node(a!, b!), c!))
  })

  test('differs between three results and the same three with the last repeated', () => {
    expect(hexKey(computeRoot([...results, results[2]!]))).not.toBe(hexKey(computeRoot(results)))
  })
})

test('every result proves itself, and nothing else', () => {
  for (let count = 1; count <= 9; count++) {
    const block = Array.from({ length: count }, (_, nonce) => result(nonce))
    for (let i = 0; i < count; i++) {
      const { leafJson, index, path, root } = computeProof(block, i)
      expect(root).toEqual(computeRoot(block))
      expect(verifyMerklePath(computeLeaf(leafJson), index, count, path, root)).toBe(true)
      expect(verifyMerklePath(computeLeaf(`${leafJson} `), index, count, path, root)).toBe(false)
    }
  }
  expect(() => computeProof(results, 3)).toThrow('no result')
})

interface Predecessor {
  readonly compute_root: {
    readonly results: readonly { readonly result: object; readonly leaf_json: string; readonly leaf: string }[]
    readonly roots: Readonly<Record<string, string>>
  }
}

const predecessor = sharedVectors<Predecessor>('predecessor_l1.json')

describe.skipIf(predecessor === undefined)('the predecessor’s leaves', () => {
  const { results: listed, roots } = predecessor?.compute_root ?? { results: [], roots: {} }
  const leaves = listed.map(({ leaf_json }) => computeLeaf(leaf_json))

  test('come out byte for byte', () => {
    expect(listed.length).toBeGreaterThan(3)
    for (const [i, { result: object, leaf_json, leaf }] of listed.entries()) {
      expect(JSON.stringify(object)).toBe(leaf_json)
      expect(hexKey(leaves[i]!)).toBe(leaf)
    }
  })

  test('have the same roots up to one leaf, where the trees cannot differ', () => {
    expect(hexKey(computeRootOfLeaves([]))).toBe(roots['0'])
    expect(hexKey(computeRootOfLeaves(leaves.slice(0, 1)))).toBe(roots['1'])
    for (const count of [2, 3, 4, 5]) expect(hexKey(computeRootOfLeaves(leaves.slice(0, count)))).not.toBe(roots[count])
  })
})
