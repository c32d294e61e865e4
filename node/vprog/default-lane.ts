/**
 * The lane of a covenant that was given none: its namespace is drawn from the covenant's genesis outpoint, so whoever finds the
 * covenant finds its lane, though the script shows a lane's key alone. A habit of our tools, not a rule.
 */
import { concatBytes, equalBytes, type Hash } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { encodeOutpoint } from '../../vm/kip/encode.ts'
import type { Outpoint } from '../../vm/kip/types.ts'
import { laneKey } from '../../vm/lanes/hashing.ts'

const NAMESPACE_BYTES = 4
const LANE_ID_BYTES = 20
/** Keeps clear of the namespaces that Kaspa reserves, which are small, and of most that people choose. */
const HIGH_BIT = 0x80

/** 20 bytes. */
export function defaultLaneId(genesis: Outpoint): Uint8Array {
  const namespace = sha256(encodeOutpoint(genesis)).slice(0, NAMESPACE_BYTES)
  namespace[0]! |= HIGH_BIT
  return concatBytes(namespace, new Uint8Array(LANE_ID_BYTES - NAMESPACE_BYTES))
}

/** Undefined where the covenant was given another lane. */
export function defaultLaneOf(genesis: Outpoint, key: Hash): Uint8Array | undefined {
  const laneId = defaultLaneId(genesis)
  return equalBytes(laneKey(laneId), key) ? laneId : undefined
}
