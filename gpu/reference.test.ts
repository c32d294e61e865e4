import { describe, expect, test } from 'vitest'
import { hexKey, u32be } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { EASY_PARAMS, testAddress, testBlockHash } from '../vm/compute/fixture.ts'
import { computeSeed } from '../vm/compute/seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, wins } from '../vm/compute/ticket.ts'
import { referenceKernel } from '../vm/compute/tile.ts'
import { ticketOfTile, verifySynthetic } from '../vm/compute/verify.ts'
import { DIFFICULTY_FLOOR_MACS } from '../vm/params.ts'
import type { LotteryJob, TileWin } from './backend.ts'
import { createReferenceBackend } from './reference.ts'

const backend = createReferenceBackend()

/** Every tile on its own, as a verifier would. */
function bruteForce({ seed, n, target }: LotteryJob, attempt: number): TileWin[] {
  const found: TileWin[] = []
  for (let tile = 0; tile < tileCount(n); tile++) {
    const ticket = ticketOfTile(referenceKernel, seed, n, { attempt, tile })
    if (wins(ticket, target)) found.push({ tile, ticket })
  }
  return found
}

describe('reference backend', () => {
  test('finds exactly the winners of every tile played on its own', async () => {
    // At n = 512 the tile rows make more than one group.
    for (const [n, inverse, attempts] of [
      [256, 8n, 3],
      [512, 16n, 1],
    ] as const) {
      const target = targetOf(n, 256n * BigInt(n) * inverse)
      for (let attempt = 0; attempt < attempts; attempt++) {
        const job = { seed: sha256(u32be(n)), n, target }
        const expected = bruteForce(job, 0xffffffff - attempt)
        expect(expected.length).toBeGreaterThan(5)
        expect(await backend.attempt(job, 0xffffffff - attempt)).toEqual(expected)
      }
    }
  })

  test('finds exactly what the chain accepts, and nothing it refuses', async () => {
    const worker = testAddress(77)
    const seedHeight = 10
    const seed = computeSeed(testBlockHash(seedHeight), worker)
    const found = new Map(
      (await backend.attempt({ seed, n: 256, target: targetOf(256, DIFFICULTY_FLOOR_MACS) }, 5)).map((win) => [
        win.tile,
        win,
      ]),
    )
    expect(found.size).toBeGreaterThan(0)
    for (let tile = 0; tile < 256; tile++) {
      const verdict = verifySynthetic(
        {
          seedHeight,
          matrixSize: 256,
          result: {
            taskId: taskIdOf(seed, 256, 5),
            workerAddress: worker,
            resultHash: found.get(tile)?.ticket ?? ticketOfTile(referenceKernel, seed, 256, { attempt: 5, tile }),
            proof: undefined,
            nonce: packNonce({ attempt: 5, tile }),
            signature: undefined,
          },
        },
        {
          height: 12,
          params: EASY_PARAMS,
          kernel: referenceKernel,
          blockHash: testBlockHash,
          difficultyMacs: () => DIFFICULTY_FLOOR_MACS,
          isClaimed: () => false,
        },
      )
      expect(verdict.ok).toBe(found.has(tile))
    }
  })

  test('wins as often as the target says, within five sigma', async () => {
    const job = { seed: sha256(u32be(4)), n: 256, target: targetOf(256, DIFFICULTY_FLOOR_MACS) }
    const seen = new Set<string>()
    const attempts = 40
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const win of await backend.attempt(job, attempt)) seen.add(hexKey(win.ticket))
    }
    const trials = attempts * 256
    const p = 1 / 64
    expect(Math.abs(seen.size - trials * p)).toBeLessThan(5 * Math.sqrt(trials * p * (1 - p)))
  })

  test('leaves a long attempt by the reason of its signal', async () => {
    const controller = new AbortController()
    const running = backend.attempt({ seed: new Uint8Array(32), n: 8192, target: 0n }, 0, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(running).rejects.toThrow('enough')
    await expect(
      backend.attempt({ seed: new Uint8Array(32), n: 256, target: 0n }, 0, controller.signal),
    ).rejects.toThrow('enough')
  })
})
