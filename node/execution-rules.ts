/** The rules that a chain's blocks are executed by: its genesis says which, and the modules are what this machine checks with. */
import { genesisBlock } from '../consensus/genesis.ts'
import type { ValidationRules } from '../consensus/validate.ts'
import { type BlsScheme, bls } from '../core/bls.ts'
import type { Hash } from '../core/bytes.ts'
import { loadTileKernel } from '../gpu/wasm/kernel.ts'
import type { TileKernel } from '../vm/execution/types.ts'
import { type Genesis, hasVprogRules } from '../vm/genesis.ts'
import { type ProofVerifier, proofVerifier, strictVerifier } from '../vm/zk/verify.ts'
import { openVerifier } from './zk/proofs.ts'

export interface RuleModules {
  readonly kernel: TileKernel
  readonly bls: BlsScheme
  readonly proofs: ProofVerifier
}

export const executionRules = (
  genesis: Genesis,
  genesisHash: Hash,
  { kernel, bls: scheme, proofs }: RuleModules,
): ValidationRules => ({
  params: genesis.params,
  genesisHash,
  kernel,
  bls: scheme,
  ...(hasVprogRules(genesis)
    ? { vprogs: { fromHeight: genesis.activations.vprogs, proofs: strictVerifier(proofs) } }
    : {}),
})

/**
 * For whoever executes blocks outside a running node.
 * @param circuitFile `zk.risc0_circuit`; without it blocks that hold RISC Zero receipts cannot be executed
 * @throws QuernError as `readCircuit`
 */
export async function openRules(genesis: Genesis, circuitFile?: string): Promise<ValidationRules> {
  // Loading the proof systems takes a sixth of a second.
  const proofs = hasVprogRules(genesis) ? await openVerifier(genesis.params, circuitFile) : proofVerifier()
  return executionRules(genesis, genesisBlock(genesis).block.hash, { kernel: loadTileKernel(), bls, proofs })
}
