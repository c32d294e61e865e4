/** The header's `txRoot`: leaves are whole envelopes, so signatures are committed. PROTOCOL 4.3. */
import type { Hash } from '../../core/bytes.ts'
import { leafHash, merkleRoot } from '../../core/merkle.ts'

/** @param envelopes raw, in block order */
export const txRoot = (envelopes: readonly Uint8Array[]): Hash => merkleRoot(envelopes.map(leafHash))
