import { bigIntToBytes, type Hex, toHex } from '../../../core/bytes.ts'
import { targetOf } from '../../../vm/compute/ticket.ts'
import { Type } from '../method.ts'
import { Hash32 } from '../schema.ts'

/** By matrix size: a ticket below it, as a big-endian integer, wins. */
export const Targets = Type.Record(Type.String({ pattern: '^[0-9]+$' }), Hash32)

/** Of the devnet's sizes at the lowest difficulty, for the examples. */
export const EXAMPLE_TARGETS = {
  '256': '0x0400000000000000000000000000000000000000000000000000000000000000',
  '512': '0x0800000000000000000000000000000000000000000000000000000000000000',
  '1024': '0x1000000000000000000000000000000000000000000000000000000000000000',
  '2048': '0x2000000000000000000000000000000000000000000000000000000000000000',
  '4096': '0x4000000000000000000000000000000000000000000000000000000000000000',
  '8192': '0x8000000000000000000000000000000000000000000000000000000000000000',
} as const

/** T(n) is 2^256 at the largest size a genesis may list and the lowest difficulty: every ticket wins. */
const MAX_TARGET = (1n << 256n) - 1n

function targetHex(n: number, difficultyMacs: bigint): Hex {
  const target = targetOf(n, difficultyMacs)
  return toHex(bigIntToBytes(target > MAX_TARGET ? MAX_TARGET : target, 32))
}

export const targetsJson = (matrixSizes: readonly number[], difficultyMacs: bigint): Record<string, Hex> =>
  Object.fromEntries(matrixSizes.map((n) => [String(n), targetHex(n, difficultyMacs)]))
