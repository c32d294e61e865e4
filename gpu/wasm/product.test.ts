/** The module's multiplication on rows of our choice, at every Strassen level, against the plain TypeScript one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { u32be } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { drawRows } from '../../vm/compute/matrix.ts'
import { tileOfRows } from '../../vm/compute/tile.ts'
import { createMemory, growTo, instantiate, lotteryModule, PAGE_BYTES } from './module.ts'

const LEVELS = [0, 1, 2, 3]
const memory = createMemory(PAGE_BYTES)
const lottery = instantiate(lotteryModule(), memory)

/** Row and column, in tiles, of the tile at `index` of a family in quarters. */
function place(level: number, index: number): readonly [row: number, column: number] {
  let row = 0
  let column = 0
  for (let bit = 0; bit < level; bit++) {
    row += ((index >> (2 * bit + 1)) & 1) << bit
    column += ((index >> (2 * bit)) & 1) << bit
  }
  return [row, column]
}

/** The family's tiles, in quarters. Operands: 16 * 2^level rows of n. */
function product(n: number, level: number, a: Int8Array, b: Int8Array): Int32Array[] {
  const tiles = 4 ** level
  const atA = PAGE_BYTES
  const atB = atA + a.length
  const out = atB + b.length
  const work = out + 1024 * tiles
  growTo(memory, work + lottery.productWorkBytes(n, level))
  const bytes = new Int8Array(memory.buffer)
  bytes.set(a, atA)
  bytes.set(b, atB)
  lottery.product(n, level, atA, atB, out, work)
  return Array.from({ length: tiles }, (_, i) => new Int32Array(memory.buffer, out + 1024 * i, 256).slice())
}

function expectedTile(n: number, level: number, a: Int8Array, b: Int8Array, index: number): Int32Array {
  const [row, column] = place(level, index)
  const rows = (operand: Int8Array, at: number): Int8Array => operand.subarray(16 * n * at, 16 * n * (at + 1))
  return tileOfRows(rows(a, row), rows(b, column), n)
}

describe('products of given rows', () => {
  test('extreme operands are exact at n = 8192, at every level', () => {
    const n = 8192
    for (const level of LEVELS) {
      const length = 16 * 2 ** level * n
      const fill = (value: number): Int8Array => new Int8Array(length).fill(value)
      // Signs by block of rows and of columns, as they make the sums of Strassen's form largest.
      const blocks = (sign: (row: number, column: number) => boolean): Int8Array =>
        Int8Array.from({ length }, (_, at) =>
          sign(Math.floor(at / n / 16), Math.floor((at % n) / (n / 2 ** level))) ? -128 : 127,
        )
      const chequered = blocks((row, column) => (row + column) % 2 === 0)
      for (const [a, b] of [
        [fill(-128), fill(-128)],
        [fill(-128), fill(127)],
        [fill(127), fill(-128)],
        [fill(127), fill(127)],
        [chequered, fill(-128)],
        [chequered, chequered],
        [blocks((row) => row % 2 === 0), chequered],
      ] as const) {
        const tiles = product(n, level, a, b)
        for (const index of new Set([0, Math.floor(tiles.length / 2), tiles.length - 1])) {
          expect(tiles[index]).toEqual(expectedTile(n, level, a, b, index))
        }
      }
    }
    expect(new Set(product(n, 0, new Int8Array(16 * n).fill(-128), new Int8Array(16 * n).fill(-128))[0])).toEqual(
      new Set([2 ** 27]),
    )
  })

  test('10,240 tiles of random and extreme entries', () => {
    const n = 128
    const level = 3
    const length = 16 * 2 ** level * n
    const operand = fc
      .tuple(fc.nat(), fc.constantFrom([-128, 127], [-128], [127, -1], [-128, 0, 1, 127], undefined))
      .map(([label, values]) => {
        const random = drawRows(sha256(u32be(label)), n, 0, length / n)
        return values === undefined ? random : random.map((value) => values[(value & 0xff) % values.length]!)
      })
    let tiles = 0
    fc.assert(
      fc.property(operand, operand, (a, b) => {
        for (const [index, tile] of product(n, level, a, b).entries()) {
          expect(Buffer.compare(bytesOf(tile), bytesOf(expectedTile(n, level, a, b, index)))).toBe(0)
          tiles++
        }
      }),
      { numRuns: 160 },
    )
    expect(tiles).toBeGreaterThanOrEqual(10_000)
  })

  test('families of every listed size', () => {
    for (const n of [256, 512, 1024, 2048, 4096, 8192]) {
      for (const level of LEVELS) {
        const a = drawRows(sha256(u32be(n)), n, 0, 16 * 2 ** level)
        const b = drawRows(sha256(u32be(n + level)), n, 0, 16 * 2 ** level)
        const tiles = product(n, level, a, b)
        for (const index of [0, tiles.length - 1]) expect(tiles[index]).toEqual(expectedTile(n, level, a, b, index))
      }
    }
  })
})

const bytesOf = (words: Int32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
