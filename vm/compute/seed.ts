/** The seed of a synthetic task. PROTOCOL 6.2. */
import type { Address, Hash } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'

/**
 * sha256(blockHash || workerAddress), without a domain: its bytes are a format that other tools know. The address makes a result
 * worthless to anybody but the worker that found it.
 */
export const computeSeed = (blockHash: Hash, worker: Address): Hash => sha256(blockHash, worker)
