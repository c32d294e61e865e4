import { expect, test } from 'vitest'
import { fromHex, hexKey } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { chachaBytes } from './chacha.ts'
import vectors from './compute.vectors.json' with { type: 'json' }
import { foldTile } from './fold.ts'
import { matrixKeys } from './matrix.ts'
import { computeSeed } from './seed.ts'
import { packNonce, targetOf, taskIdOf, ticketOf, unpackNonce } from './ticket.ts'
import { referenceKernel } from './tile.ts'
import { ticketOfTile } from './verify.ts'

const littleEndian = (words: Int32Array | Uint32Array): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * words.length))
  words.forEach((word, i) => {
    view.setUint32(4 * i, word, true)
  })
  return new Uint8Array(view.buffer)
}

test.each(vectors.cases)('checked-in case n = $n, attempt $attempt, tile $tile', (v) => {
  const { n, attempt, tile } = v
  const seed = computeSeed(fromHex(v.block_hash), fromHex(v.worker_address))
  expect(hexKey(seed)).toBe(v.seed)
  const { keyA, keyB } = matrixKeys(seed, n, attempt)
  expect(hexKey(keyA)).toBe(v.key_a)
  expect(hexKey(keyB)).toBe(v.key_b)
  expect(hexKey(chachaBytes(keyA, 0, 32))).toBe(v.first_bytes_of_a)
  expect(hexKey(chachaBytes(keyB, 0, 32))).toBe(v.first_bytes_of_b_transposed)
  const product = referenceKernel.tile(keyA, keyB, n, Math.floor(tile / (n / 16)), tile % (n / 16))
  expect([...product.subarray(0, 16)]).toEqual(v.tile_row_0)
  expect(hexKey(sha256(littleEndian(product)))).toBe(v.tile_sha256)
  const folded = foldTile(product)
  expect(hexKey(littleEndian(folded))).toBe(v.fold)
  expect(hexKey(ticketOf(seed, n, { attempt, tile }, folded))).toBe(v.ticket)
  expect(hexKey(ticketOfTile(referenceKernel, seed, n, { attempt, tile }))).toBe(v.ticket)
  expect(hexKey(taskIdOf(seed, n, attempt))).toBe(v.task_id)
  expect(packNonce({ attempt, tile })).toBe(v.nonce)
  expect(unpackNonce(v.nonce, n)).toEqual({ attempt, tile })
  for (const [difficulty, target] of Object.entries(v.targets)) {
    expect(targetOf(n, BigInt(difficulty)).toString(16).padStart(64, '0')).toBe(target)
  }
})
