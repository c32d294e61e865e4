/**
 * Which tickets have been claimed. A claim is remembered until its seed height leaves the window; after that the
 * height itself refuses it, so the record can go. PROTOCOL 6.2.
 *
 * Claims of one seed height are listed in chunks, filled in order: chunk c exists only if chunk c - 1 is full.
 */
import { type Address, concatBytes, u32be, u64be } from '../../core/bytes.ts'
import type { ChainParams } from '../params.ts'
import { CHUNK_ENTRIES, nullifierIndex, nullifiers } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import type { TileRef } from './ticket.ts'

export interface Claim extends TileRef {
  readonly worker: Address
  readonly seedHeight: number
  readonly matrixSize: number
}

type ClaimLimits = Pick<ChainParams, 'seedWindowBlocks' | 'maxResultsPerBlock'>

/** (worker, h, n, a, t) as 40 bytes. */
export const claimBytes = (claim: Claim): Uint8Array =>
  concatBytes(claim.worker, u64be(claim.seedHeight), u32be(claim.matrixSize), u32be(claim.attempt), u32be(claim.tile))

export const isClaimed = (state: StateView, claim: Claim): boolean =>
  state.get(nullifiers, claimBytes(claim)) !== undefined

/** Every block of the window could fill itself with results of one seed height, and no more than that. */
const maxChunks = (params: ClaimLimits): number =>
  Math.ceil((params.seedWindowBlocks * params.maxResultsPerBlock) / CHUNK_ENTRIES)

/** First chunk of the height that is not full, by bisection: chunks below it are full and those above it absent. */
function openChunk(state: StateView, seedHeight: number, params: ClaimLimits): number {
  let low = 0
  let high = maxChunks(params)
  while (low < high) {
    const chunk = Math.floor((low + high) / 2)
    const entries = state.get(nullifierIndex, { seedHeight, chunk })
    if (entries !== undefined && entries.length >= CHUNK_ENTRIES) low = chunk + 1
    else high = chunk
  }
  return low
}

export function recordClaim(state: StateView, claim: Claim, params: ClaimLimits): void {
  const bytes = claimBytes(claim)
  const at = { seedHeight: claim.seedHeight, chunk: openChunk(state, claim.seedHeight, params) }
  state.set(nullifiers, bytes, true)
  state.set(nullifierIndex, at, [...(state.get(nullifierIndex, at) ?? []), bytes])
}

/**
 * Run at the beginning of block `height`: forgets the claims of the one seed height that has just left the window.
 * At most seedWindowBlocks * maxResultsPerBlock records, each paid for with the gas of its result.
 */
export function expireNullifiers(state: StateView, height: number, params: ClaimLimits): void {
  const seedHeight = height - params.seedWindowBlocks - 1
  if (seedHeight < 0) return
  for (let chunk = 0; chunk < maxChunks(params); chunk++) {
    const claims = state.get(nullifierIndex, { seedHeight, chunk })
    if (claims === undefined) return
    for (const claim of claims) state.delete(nullifiers, claim)
    state.delete(nullifierIndex, { seedHeight, chunk })
  }
}
