import { describe, expect, test } from 'vitest'
import { fromHex, hexKey, u32be } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import vectors from '../../vm/compute/compute.vectors.json' with { type: 'json' }
import { matrixKeys } from '../../vm/compute/matrix.ts'
import { computeSeed } from '../../vm/compute/seed.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import { loadTileKernel, loadWasmKernel } from './kernel.ts'

const kernel = loadWasmKernel()

/** A number below `below` from the label. */
const pick = (label: string, below: number): number =>
  new DataView(sha256(Buffer.from(label)).buffer).getUint32(0) % below

describe('the verifier’s kernel', () => {
  test.each(vectors.cases)('checked-in case n = $n, attempt $attempt, tile $tile', ({ n, attempt, tile, ...v }) => {
    const seed = computeSeed(fromHex(v.block_hash), fromHex(v.worker_address))
    expect(hexKey(ticketOfTile(kernel, seed, n, { attempt, tile }))).toBe(v.ticket)
  })

  test('equals the reference on random tiles of every size', () => {
    for (let round = 0; round < 1_500; round++) {
      // Mostly small: the reference takes as long as all the others together for one tile of 8192.
      const n = round < 1_400 ? 16 * (1 + pick(`n${round}`, 32)) : 16 * (1 + pick(`n${round}`, 512))
      const { keyA, keyB } = matrixKeys(sha256(u32be(round)), n, round)
      const [row, column] = [pick(`row${round}`, n / 16), pick(`column${round}`, n / 16)]
      const tile = kernel.tile(keyA, keyB, n, row, column)
      const expected = referenceKernel.tile(keyA, keyB, n, row, column)
      expect(hexKey(new Uint8Array(tile.buffer)), `n ${n}, tile ${row}, ${column}`).toBe(
        hexKey(new Uint8Array(expected.buffer)),
      )
    }
  })

  test('equals the reference in the corners of the largest matrices', () => {
    for (const n of [2048, 4096, 8192]) {
      const { keyA, keyB } = matrixKeys(sha256(u32be(n)), n, 0xffffffff)
      for (const [row, column] of [
        [0, 0],
        [n / 16 - 1, 0],
        [n / 16 - 1, n / 16 - 1],
      ] as const) {
        expect(kernel.tile(keyA, keyB, n, row, column)).toEqual(referenceKernel.tile(keyA, keyB, n, row, column))
      }
    }
  })

  test('answers are the caller’s own', () => {
    const { keyA, keyB } = matrixKeys(sha256(u32be(1)), 256, 0)
    const first = kernel.tile(keyA, keyB, 256, 0, 0)
    const copy = first.slice()
    kernel.tile(keyA, keyB, 256, 1, 1)
    expect(first).toEqual(copy)
    expect(first.buffer).toBeInstanceOf(ArrayBuffer)
  })

  test('sizes that it was not made for are the reference’s', () => {
    const { keyA, keyB } = matrixKeys(sha256(u32be(1)), 8, 0)
    for (const n of [8, 8208]) {
      expect(kernel.tile(keyA, keyB, n, 0, 0)).toEqual(referenceKernel.tile(keyA, keyB, n, 0, 0))
    }
  })

  test('is the one a node gets', async () => {
    expect(loadTileKernel()).not.toBe(referenceKernel)
  })
})
