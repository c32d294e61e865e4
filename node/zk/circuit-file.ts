import { QuernError } from '../../core/errors.ts'
import { type Genesis, hasVprogRules } from '../../vm/genesis.ts'

/**
 * The table of RISC Zero's recursion circuit that the operator installed. A development network does without, as long as nobody
 * brings a receipt; on a public one such a node would stop at the first block that holds one.
 * @throws QuernError `ZK_CIRCUIT_MISSING`
 */
export function circuitFileFor(
  genesis: Pick<Genesis, 'network' | 'activations'>,
  { risc0Circuit }: { readonly risc0Circuit: string },
): string | undefined {
  if (risc0Circuit !== '') return risc0Circuit
  if (genesis.network === 'devnet' || !hasVprogRules(genesis)) return undefined
  throw new QuernError(
    'ZK_CIRCUIT_MISSING',
    `${genesis.network} settles with RISC Zero receipts: install the table of the recursion circuit, and set zk.risc0_circuit to it`,
  )
}
