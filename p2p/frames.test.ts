import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, equalBytes } from '../core/bytes.ts'
import { encodeFrame, FrameReader } from './frames.ts'

const MAX = 100_000

describe('frames', () => {
  it('come out as they went in, whatever pieces the stream delivers', () => {
    const frames = fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(20_000).fill(7))), {
      maxLength: 5,
    })
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1 }), (sent, cuts) => {
        const stream = concatBytes(...sent.map(encodeFrame))
        const reader = new FrameReader(MAX)
        const got: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!
          got.push(...reader.push(stream.subarray(at, at + size)))
          at += size
        }
        expect(got.map(({ length }) => length)).toEqual(sent.map(({ length }) => length))
        expect(equalBytes(concatBytes(...got), concatBytes(...sent))).toBe(true)
        expect(reader.isPartial).toBe(false)
      }),
      { numRuns: 50 },
    )
  })

  it('are refused by their length alone', () => {
    const reader = new FrameReader(1_000)
    expect(() => reader.push(encodeFrame(new Uint8Array(1_001)).subarray(0, 2))).toThrow('at most 1000 bytes')
    for (const [lie, why] of [
      [[0xff, 0xff, 0xff, 0x7f], 'at most'],
      [[0xff, 0xff, 0xff, 0xff], 'four bytes'],
      [[0x81, 0x00], 'shortest'],
    ] as const) {
      expect(() => new FrameReader(1_000).push(Uint8Array.from(lie))).toThrow(why)
    }
    expect(new FrameReader(1_000).push(encodeFrame(new Uint8Array(1_000)))).toHaveLength(1)
  })

  it('take no room before their bytes arrive', () => {
    const readers = Array.from({ length: 500 }, () => new FrameReader(8 << 20))
    const prefix = encodeFrame(new Uint8Array(8 << 20)).subarray(0, 4)
    const before = process.memoryUsage().arrayBuffers
    for (const reader of readers) reader.push(concatBytes(prefix, Uint8Array.of(1)))
    // 500 times 8 MiB were announced.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
    expect(readers[0]?.isPartial).toBe(true)
  })
})
