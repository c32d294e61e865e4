import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, hexKey, u32be } from '../../core/bytes.ts'
import { DOMAIN_BYTES } from '../../core/domains.ts'
import { pureHash, sha256 } from '../../core/hash.ts'
import { foldTile } from '../../vm/compute/fold.ts'
import { drawRows, matrixKeys } from '../../vm/compute/matrix.ts'
import { targetOf } from '../../vm/compute/ticket.ts'
import { referenceKernel, tileOfRows } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { LotteryJob } from '../backend.ts'
import { createReferenceBackend } from '../reference.ts'
import { compress, emulateDraw, emulateMultiply, emulateTicket } from './emulator-fixture.ts'
import { blockOf, type Capabilities, type Kernel, kernelsFor, nameOf } from './kernel.ts'
import { midstate } from './midstate.ts'
import { packBand, packJob } from './wgsl/job.ts'

const device = (lanes: number): Capabilities => ({
  dot: 'packed',
  subgroupLanes: lanes,
  matrixShapes: [
    { m: 16, n: 16, k: 32 },
    { m: 16, n: 8, k: 32 },
    { m: 8, n: 8, k: 16 },
  ],
  workgroupBytes: 65_536,
  workgroupInvocations: 1_024,
})
const KERNELS: readonly Kernel[] = [4, 8, 16, 32, 64]
  .flatMap((lanes) => kernelsFor(device(lanes)))
  .filter((kernel, at, all) => all.findIndex((other) => nameOf(other) === nameOf(kernel)) === at)

const bytesOf = (words: Uint32Array): Int8Array => new Int8Array(words.buffer, words.byteOffset, words.byteLength)

/** All tiles' folds, entry by entry from the definition's pieces. */
function expectedFolds(a: Int8Array, b: Int8Array, n: number): Uint32Array {
  const side = n / 16
  const panel = (matrix: Int8Array, i: number): Int8Array => matrix.subarray(i * 16 * n, (i + 1) * 16 * n)
  return Uint32Array.from(
    Array.from({ length: side * side }, (_, tile) => [
      ...foldTile(tileOfRows(panel(a, Math.floor(tile / side)), panel(b, tile % side), n)),
    ]).flat(),
  )
}

/** Two blocks along each side for the larger kernels. */
const sizeFor = (kernel: Kernel): number => (Math.max(blockOf(kernel).rows, blockOf(kernel).columns) > 64 ? 256 : 128)

describe('the kernels’ arithmetic, emulated', () => {
  test('draws the matrices', () => {
    const n = 256
    const seed = sha256(u32be(1))
    const [a, b] = emulateDraw(packJob({ seed, n, target: 0n }, 0xffffffff, 0), n)
    const { keyA, keyB } = matrixKeys(seed, n, 0xffffffff)
    expect(bytesOf(a)).toEqual(drawRows(keyA, n, 0, n))
    expect(bytesOf(b)).toEqual(drawRows(keyB, n, 0, n))
  })

  const operands = new Map(
    [128, 256].map((n) => {
      const words = (label: number): Uint32Array => {
        const bytes = drawRows(sha256(u32be(label)), n, 0, n)
        return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      }
      const [a, b] = [words(2), words(3)] as const
      return [n, { a, b, folds: expectedFolds(bytesOf(a), bytesOf(b), n) }]
    }),
  )

  // Fetching ahead changes when a vector is read, not which.
  test.each(
    KERNELS.filter((kernel) => kernel.kind !== 'tiled' || !kernel.ahead).map(
      (kernel) => [nameOf(kernel), kernel] as const,
    ),
  )('multiplies and folds: %s', (_, kernel) => {
    const n = sizeFor(kernel)
    const { a, b, folds } = operands.get(n)!
    // Not all bands are of one size.
    expect(emulateMultiply(kernel, n, [a, b], Math.max(blockOf(kernel).rows, 64))).toEqual(folds)
  })

  test('keeps extreme operands exact', () => {
    const n = 128
    const fill = (value: number): Uint32Array => new Uint32Array((n * n) / 4).fill((value & 0xff) * 0x01010101)
    for (const kernel of ['tiled', 'subgroup', 'matrix'].map(
      (kind) => KERNELS.find((one) => one.kind === kind && sizeFor(one) === n)!,
    )) {
      for (const [x, y] of [
        [-128, -128],
        [-128, 127],
        [127, -128],
        [-1, 1],
      ] as const) {
        const [a, b] = [fill(x), fill(y)]
        expect(emulateMultiply(kernel, n, [a, b], n)).toEqual(expectedFolds(bytesOf(a), bytesOf(b), n))
      }
    }
  })

  test('midstates go on to SHA-256', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (block) => {
        // The message is this one block: its padding is another.
        const padding = new Array<number>(16).fill(0)
        padding[0] = 0x80000000
        padding[15] = 512
        const k = packJob({ seed: new Uint8Array(32), n: 128, target: 0n }, 0, 0).subarray(36)
        expect(hexKey(concatBytes(...compress([...midstate(block)], padding, k).map(u32be)))).toEqual(
          hexKey(pureHash.sha256(block)),
        )
      }),
      { numRuns: 50 },
    )
    expect(DOMAIN_BYTES.ticket.length + 32 + 4 + 4 + 1).toBe(64)
  })

  test('plays a whole attempt like the reference', async () => {
    const n = 128
    const reference = createReferenceBackend()
    const kernel = KERNELS.find((one) => one.kind === 'tiled' && sizeFor(one) === n)!
    for (const target of [2n ** 256n - 1n, targetOf(n, 1n << 17n)]) {
      const job: LotteryJob = { seed: sha256(u32be(7)), n, target }
      const expected = await reference.attempt(job, 5)
      const capacity = 20
      const packed = packJob(job, 5, capacity)
      const folds = emulateMultiply(kernel, n, emulateDraw(packed, n), 64)
      const wins = { count: 0, words: [] as number[] }
      for (const firstRow of [0, 64]) emulateTicket(packed, packBand(n, firstRow, 64), folds, wins)
      // The counter counts those too for which there is no room.
      expect(wins.count).toBe(expected.length)
      const found = Array.from({ length: Math.min(wins.count, capacity) }, (_, i) => ({
        tile: wins.words[9 * i]!,
        ticket: Uint8Array.from(
          wins.words
            .slice(9 * i + 1, 9 * i + 10)
            .flatMap((word) => [...u32be(word)])
            .slice(0, 32),
        ),
      }))
      expect(found).toEqual(expected.slice(0, capacity))
      expect(found[0]?.ticket).toEqual(ticketOfTile(referenceKernel, job.seed, n, { attempt: 5, tile: found[0]!.tile }))
    }
  })
})
