import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bigIntToBytes, hexKey, u32be, u64be } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { DIFFICULTY_FLOOR_MACS, PRESETS } from '../params.ts'
import { packNonce, TILE_SPACE, targetOf, taskIdOf, ticketOf, tileCount, unpackNonce, wins } from './ticket.ts'

const sizes = PRESETS.mainnet.matrixSizes

describe('nonce', () => {
  test('packs and unpacks every tile of every size', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sizes), fc.nat(0xffffffff), fc.nat(TILE_SPACE - 1), (n, attempt, tile) => {
        const nonce = packNonce({ attempt, tile })
        expect(Number.isSafeInteger(nonce)).toBe(true)
        expect(unpackNonce(nonce, n)).toEqual(tile < (n / 16) ** 2 ? { attempt, tile } : undefined)
      }),
    )
  })

  test('ends exactly at the last tile and the last attempt', () => {
    expect(tileCount(8192)).toBe(2 ** 18)
    for (const n of sizes) {
      const last = { attempt: 0xffffffff, tile: tileCount(n) - 1 }
      expect(unpackNonce(packNonce(last), n)).toEqual(last)
      expect(unpackNonce(packNonce({ attempt: 0, tile: tileCount(n) }), n)).toBeUndefined()
    }
    expect(unpackNonce(2 ** 52, 256)).toBeUndefined()
    expect(unpackNonce(Number.MAX_SAFE_INTEGER, 8192)).toBeUndefined()
  })
})

describe('target', () => {
  test('fits 256 bits at the floor and the largest size', () => {
    expect(targetOf(8192, DIFFICULTY_FLOOR_MACS)).toBe(1n << 255n)
    expect(targetOf(256, DIFFICULTY_FLOOR_MACS)).toBe(1n << 250n)
  })

  test('wins strictly below', () => {
    expect(wins(bigIntToBytes(4n, 32), 5n)).toBe(true)
    expect(wins(bigIntToBytes(5n, 32), 5n)).toBe(false)
  })

  test('winners among many tickets fit the binomial within five sigma', () => {
    const seed = sha256(u64be(2024))
    const trials = 20_000
    const words = new Uint32Array(16)
    // 1 in 8, 1 in 64 and 1 in 300: what 256 n / D is meant to be.
    for (const inverse of [8n, 64n, 300n]) {
      const target = targetOf(4096, 256n * 4096n * inverse)
      let winners = 0
      for (let i = 0; i < trials; i++) {
        words[0] = i
        if (wins(ticketOf(seed, 4096, { attempt: i >> 8, tile: i & 255 }, words), target)) winners++
      }
      const p = 1 / Number(inverse)
      const sigma = Math.sqrt(trials * p * (1 - p))
      expect(Math.abs(winners - trials * p)).toBeLessThan(5 * sigma)
    }
  })
})

test('task ids are UUIDv8 and differ by attempt, size and seed', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 64; i++) {
    for (const n of [256, 512]) {
      const id = taskIdOf(sha256(u32be(i >> 3)), n, i & 7)
      expect(id.length).toBe(16)
      expect(id[6]! >> 4).toBe(8)
      expect(id[8]! >> 6).toBe(2)
      seen.add(hexKey(id))
    }
  }
  expect(seen.size).toBe(128)
})
