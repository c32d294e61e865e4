import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getHeader } from './chain_getHeader.ts'
import { poc_getComputeProof } from './poc_getComputeProof.ts'
import { poc_getResults } from './poc_getResults.ts'

interface Proof {
  leaf_json: string
  index: number
  count: number
  path: string[]
  compute_root: string
}

/** SHA-256 and JSON are all that a client needs. */
function rootOf({ leaf_json, index, count, path }: Proof): string {
  const sha256 = (...parts: (string | Buffer)[]) =>
    createHash('sha256')
      .update(Buffer.concat(parts.map((p) => Buffer.from(p))))
      .digest()
  let hash = sha256(leaf_json)
  const siblings = path.map((hex) => Buffer.from(hex.slice(2), 'hex'))
  for (let at = index, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue
    const sibling = siblings.shift()!
    hash = at % 2 === 0 ? sha256('\x01', hash, sibling) : sha256('\x01', sibling, hash)
  }
  return hash.toString('hex')
}

describe('poc_getComputeProof', () => {
  it('proves every result of a block against its header', async () => {
    const { context } = fixture()
    const header = await callMethod<{ compute_root: string; result_count: number }>(context, chain_getHeader, [4])
    const results = await callMethod<unknown[]>(context, poc_getResults, [4])
    expect(header.result_count).toBe(3)
    for (const [index, result] of results.entries()) {
      const proof = await callMethod<Proof>(context, poc_getComputeProof, { height: 4, index })
      expect(proof).toMatchObject({
        index,
        count: 3,
        leaf_json: JSON.stringify(result),
        compute_root: header.compute_root,
      })
      expect(rootOf(proof)).toBe(header.compute_root)
    }
  })

  it('refuses an index that the block does not have', async () => {
    const { context } = fixture()
    expect(await refusalTag(context, poc_getComputeProof, [4, 3])).toBe('RESULT_UNKNOWN')
    expect(await refusalTag(context, poc_getComputeProof, [5, 0])).toBe('RESULT_UNKNOWN')
    expect(await refusalTag(context, poc_getComputeProof, [99, 0])).toBe('BLOCK_UNKNOWN')
  })
})
