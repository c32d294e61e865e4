/**
 * All that a node has to do with proofs: a verifier for consensus, which remembers, and threads that verify ahead of it. Both
 * stand on one set of options, so that they cannot disagree.
 */
import { fromHex } from '../../core/bytes.ts'
import type { ChainParams } from '../../vm/params.ts'
import { cachedVerifier, type ProofVerifier, proofCache, proofVerifier } from '../../vm/zk/verify.ts'
import { ProofPool } from './proof-pool.ts'
import { loadProofSystems, type ProofSystemOptions } from './proof-systems.ts'
import type { ProofThread } from './proof-thread.ts'

export interface NodeProofs {
  /** Synchronous; asks the cache first. */
  readonly verifier: ProofVerifier
  /** For mempool admission and block arrival. */
  readonly ahead: ProofPool
}

type ProofParams = Pick<ChainParams, 'devProofKey'>

const optionsOf = ({ devProofKey }: ProofParams, circuitFile?: string): ProofSystemOptions => ({
  ...(circuitFile === undefined ? {} : { circuitFile }),
  ...(devProofKey === undefined ? {} : { developmentKey: fromHex(devProofKey) }),
})

/**
 * Whoever opens them closes `ahead`.
 * @param circuitFile `zk.risc0_circuit`
 * @throws QuernError as `readCircuit`
 */
export async function openProofs(params: ProofParams, circuitFile?: string): Promise<NodeProofs> {
  const options = optionsOf(params, circuitFile)
  const cache = proofCache()
  const verifier = cachedVerifier(proofVerifier(await loadProofSystems(options)), cache)
  return { verifier, ahead: new ProofPool({ cache, verifier, options }) }
}

/** For whoever executes blocks one after the other, and does nothing else meanwhile. @throws QuernError as `readCircuit` */
export const openVerifier = async (params: ProofParams, circuitFile?: string): Promise<ProofVerifier> =>
  cachedVerifier(proofVerifier(await loadProofSystems(optionsOf(params, circuitFile))), proofCache())

/** Without threads, circuit or native code, and there at once: for simulations and tests. */
export function inlineProofs(params: ProofParams): NodeProofs {
  const cache = proofCache()
  const verifier = cachedVerifier(proofVerifier(optionsOf(params)), cache)
  const thread: ProofThread = {
    verifyAll: async (operands) => verifier.verifyAll(operands),
    stop: async () => {},
  }
  return { verifier, ahead: new ProofPool({ cache, verifier, threads: [thread] }) }
}
