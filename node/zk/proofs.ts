/**
 * All that a node has to do with proofs: a verifier for consensus, which remembers, and threads that verify ahead of it. Both
 * stand on one set of options, so that they cannot disagree.
 */
import { cachedVerifier, type ProofVerifier, proofCache, proofVerifier } from '../../vm/zk/verify.ts'
import { ProofPool } from './proof-pool.ts'
import { loadProofSystems, type ProofSystemOptions } from './proof-systems.ts'

export interface NodeProofs {
  /** Synchronous; asks the cache first. */
  readonly verifier: ProofVerifier
  /** For mempool admission and block arrival. */
  readonly ahead: ProofPool
}

/** Whoever opens them closes `ahead`. @throws QuernError as `readCircuit` */
export async function openProofs(options: ProofSystemOptions): Promise<NodeProofs> {
  const cache = proofCache()
  const verifier = cachedVerifier(proofVerifier(await loadProofSystems(options)), cache)
  return { verifier, ahead: new ProofPool({ cache, verifier, options }) }
}
