/** Which checks each kind of file holds. */
import type { Check } from '../../vm/conformance/check.ts'
import { groth16Checks } from '../../vm/conformance/groth16.ts'
import { kip21DagChecks } from '../../vm/conformance/kip21-dag.ts'
import { kip21LaneChecks } from '../../vm/conformance/kip21-lanes.ts'
import { risc0Groth16Checks } from '../../vm/conformance/risc0-groth16.ts'
import { risc0SuccinctChecks } from '../../vm/conformance/risc0-succinct.ts'
import { scriptChecks } from '../../vm/conformance/script-tests.ts'
import { smtChecks } from '../../vm/conformance/smt.ts'
import { type ProofVerifier, proofVerifier } from '../../vm/zk/verify.ts'
import { loadProofSystems } from '../zk/proof-systems.ts'
import { readLines, readVectors } from './vector-file.ts'

export type VectorKind =
  | 'groth16'
  | 'risc0-groth16'
  | 'risc0-succinct'
  | 'kip21-dag'
  | 'kip21-lanes'
  | 'smt'
  | 'script-tests'

const proofs = async (circuitFile?: string): Promise<ProofVerifier> =>
  proofVerifier(await loadProofSystems(circuitFile === undefined ? {} : { circuitFile }))

/**
 * The checks of a file, one after another.
 * @param circuit file of RISC Zero's recursion circuit, for `risc0-succinct`
 * @throws QuernError `VECTOR_…` for the file, `ZK_CIRCUIT_…` for the circuit's
 */
export async function* checksOf(kind: VectorKind, file: string, circuit?: string): AsyncGenerator<Check> {
  switch (kind) {
    case 'groth16':
      return yield* groth16Checks(await readVectors(file), await proofs())
    case 'risc0-groth16':
      return yield* risc0Groth16Checks(await readVectors(file), await proofs())
    case 'risc0-succinct':
      return yield* risc0SuccinctChecks(await readVectors(file), await proofs(circuit))
    case 'kip21-dag':
      return yield* kip21DagChecks(readLines(file))
    case 'kip21-lanes':
      return yield* kip21LaneChecks(await readVectors(file))
    case 'smt':
      return yield* smtChecks(await readVectors(file))
    case 'script-tests':
      return yield* scriptChecks(await readVectors(file))
  }
}
