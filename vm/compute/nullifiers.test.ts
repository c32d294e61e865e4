import { describe, expect, test } from 'vitest'
import { PRESETS } from '../params.ts'
import { CHUNK_ENTRIES, nullifierIndex } from '../state/tables.ts'
import { MapState, testAddress } from './fixture.ts'
import { type Claim, claimBytes, expireNullifiers, isClaimed, recordClaim } from './nullifiers.ts'

const params = PRESETS.devnet
const claimOf = (label: number, seedHeight = 100): Claim => ({
  worker: testAddress(label % 3),
  seedHeight,
  matrixSize: 256,
  attempt: label,
  tile: label % 256,
})

describe('claims', () => {
  test('every part of a claim distinguishes it', () => {
    const claim = claimOf(1)
    const others: Claim[] = [
      { ...claim, worker: testAddress(9) },
      { ...claim, seedHeight: 101 },
      { ...claim, matrixSize: 512 },
      { ...claim, attempt: 2 },
      { ...claim, tile: 2 },
    ]
    const state = new MapState().view()
    recordClaim(state, claim, params)
    expect(isClaimed(state, claim)).toBe(true)
    for (const other of others) expect(isClaimed(state, other)).toBe(false)
    expect(claimBytes(claim).length).toBe(40)
  })

  test('live exactly as long as their height is in the window', () => {
    const chain = new MapState()
    const claim = claimOf(1)
    chain.block((state) => recordClaim(state, claim, params))
    const last = claim.seedHeight + params.seedWindowBlocks
    for (let height = claim.seedHeight + 2; height <= last; height++) {
      chain.block((state) => expireNullifiers(state, height, params))
      expect(isClaimed(chain.view(), claim)).toBe(true)
    }
    chain.block((state) => expireNullifiers(state, last + 1, params))
    expect(isClaimed(chain.view(), claim)).toBe(false)
  })

  test('fill chunks in order and leave nothing behind', () => {
    const chain = new MapState()
    chain.block(() => undefined)
    const empty = chain.size
    const count = 3 * CHUNK_ENTRIES + 5
    for (let from = 0; from < count; from += 40) {
      chain.block((state) => {
        for (let i = from; i < Math.min(count, from + 40); i++) recordClaim(state, claimOf(i), params)
        recordClaim(state, claimOf(from, 101), params)
      })
    }
    const chunk = (index: number): number | undefined =>
      chain.view().get(nullifierIndex, { seedHeight: 100, chunk: index })?.length
    expect([0, 1, 2, 3, 4].map(chunk)).toEqual([64, 64, 64, 5, undefined])
    for (let i = 0; i < count; i++) expect(isClaimed(chain.view(), claimOf(i))).toBe(true)

    chain.block((state) => expireNullifiers(state, 100 + params.seedWindowBlocks + 1, params))
    for (let i = 0; i < count; i++) expect(isClaimed(chain.view(), claimOf(i))).toBe(false)
    expect(isClaimed(chain.view(), claimOf(0, 101))).toBe(true)
    chain.block((state) => expireNullifiers(state, 101 + params.seedWindowBlocks + 1, params))
    expect(chain.size).toBe(empty)
  })

  test('a window filled to its bound is recorded and forgotten whole', () => {
    const small = { seedWindowBlocks: 4, maxResultsPerBlock: 64 }
    const state = new MapState().view()
    const count = small.seedWindowBlocks * small.maxResultsPerBlock
    for (let i = 0; i < count; i++) recordClaim(state, claimOf(i), small)
    expireNullifiers(state, 105, small)
    for (let i = 0; i < count; i++) expect(isClaimed(state, claimOf(i))).toBe(false)
  })

  test('the first blocks have no height to forget', () => {
    const state = new MapState().view()
    for (let height = 1; height <= params.seedWindowBlocks; height++) expireNullifiers(state, height, params)
    expect(state.writes).toBe(0)
  })
})
