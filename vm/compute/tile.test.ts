import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { u32be } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { foldTile } from './fold.ts'
import { drawRows, matrixKeys } from './matrix.ts'
import { referenceKernel, tileOfRows } from './tile.ts'

/** Entry by entry, in integers. */
function naiveTile(rowsA: Int8Array, rowsB: Int8Array, n: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, at) => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += Math.imul(rowsA[(at >> 4) * n + k]!, rowsB[(at & 15) * n + k]!)
    return sum
  })
}

const randomRows = (label: number, n: number): Int8Array => drawRows(sha256(u32be(label)), n, 0, 16)

describe('tile kernel', () => {
  test('tiles of a whole 256 x 256 product, by the schoolbook', () => {
    const n = 256
    const { keyA, keyB } = matrixKeys(sha256(u32be(1)), n, 7)
    const a = drawRows(keyA, n, 0, n)
    const b = drawRows(keyB, n, 0, n)
    for (const [row, column] of [
      [0, 0],
      [0, 15],
      [15, 0],
      [15, 15],
      [3, 11],
      [8, 4],
    ] as const) {
      const expected = naiveTile(a.subarray(row * 16 * n), b.subarray(column * 16 * n), n)
      expect(referenceKernel.tile(keyA, keyB, n, row, column)).toEqual(expected)
    }
  })

  test('random operands at every listed size, across the chunk border', () => {
    fc.assert(
      fc.property(fc.constantFrom(16, 256, 512, 1024, 2048, 4096), fc.nat(), (n, label) => {
        const a = randomRows(label % 1_000_000, n)
        const b = randomRows((label % 1_000_000) + 1_000_000, n)
        expect(tileOfRows(a, b, n)).toEqual(naiveTile(a, b, n))
      }),
      { numRuns: 8 },
    )
  })

  test('extreme operands are exact at n = 8192', () => {
    const n = 8192
    const fill = (value: number): Int8Array => new Int8Array(16 * n).fill(value)
    const alternate = (even: number, odd: number): Int8Array =>
      Int8Array.from({ length: 16 * n }, (_, at) => (Math.floor(at / n) % 2 === 0 ? even : odd))
    expect(new Set(tileOfRows(fill(-128), fill(-128), n))).toEqual(new Set([2 ** 27]))
    expect(new Set(tileOfRows(fill(-128), fill(127), n))).toEqual(new Set([-128 * 127 * n]))
    expect(new Set(tileOfRows(fill(127), fill(-128), n))).toEqual(new Set([-128 * 127 * n]))
    // Rows of opposite sign share a packed double.
    for (const [even, odd] of [
      [-128, 127],
      [127, -128],
      [-128, 1],
      [0, -128],
      [-1, 0],
      [0, 0],
    ] as const) {
      const a = alternate(even, odd)
      for (const b of [fill(-128), fill(127), fill(-1), alternate(-128, 127)]) {
        const tile = tileOfRows(a, b, n)
        for (const [i, j] of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
          [14, 15],
          [15, 14],
        ] as const) {
          expect(tile[16 * i + j]).toBe(Math.imul(a[i * n]! * b[j * n]!, n))
        }
      }
    }
  })
})

describe('fold', () => {
  const tileOf = (label: number): Int32Array => tileOfRows(randomRows(label, 256), randomRows(label + 1, 256), 256)

  test('by the definition', () => {
    const tile = tileOf(5)
    const expected = new Uint32Array(16)
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j < 16; j++) {
        const f = BigInt(expected[j]!)
        const rotated = ((f << 13n) | (f >> 19n)) & 0xffffffffn
        expected[j] = Number(rotated ^ BigInt.asUintN(32, BigInt(tile[16 * i + j]!)))
      }
    }
    expect(foldTile(tile)).toEqual(expected)
  })

  test('every entry matters', () => {
    const tile = tileOf(9)
    const folded = foldTile(tile)
    for (let at = 0; at < 256; at++) {
      const changed = tile.slice()
      changed[at] = changed[at]! + 1
      expect(foldTile(changed)).not.toEqual(folded)
    }
  })

  test('is not linear over addition: the fold of a sum is not made from the folds', () => {
    const a = tileOf(11)
    const b = tileOf(13)
    const sum = foldTile(a.map((value, at) => value + b[at]!))
    const folds = [foldTile(a), foldTile(b)] as const
    expect(sum).not.toEqual(folds[0].map((word, j) => word + folds[1][j]!))
    expect(sum).not.toEqual(folds[0].map((word, j) => word ^ folds[1][j]!))
    // The order of rows matters too, unlike in any sum over a column.
    const swapped = a.slice()
    swapped.set(a.subarray(16, 32), 0)
    swapped.set(a.subarray(0, 16), 16)
    expect(foldTile(swapped)).not.toEqual(folds[0])
  })

  test('takes tiles only', () => {
    expect(() => foldTile(new Int32Array(255))).toThrow('16 x 16')
  })
})
