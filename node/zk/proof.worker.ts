/** The thread that verifies proofs: a batch of operands in, their verdicts out, until it is told to end. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ZkOperands } from '../../vm/zk/operands.ts'
import { proofVerifier } from '../../vm/zk/verify.ts'
import { loadProofSystems, type ProofSystemOptions } from './proof-systems.ts'

const verifier = proofVerifier(await loadProofSystems(workerData as ProofSystemOptions))

parentPort?.on('message', (operands: readonly ZkOperands[] | null) => {
  if (operands === null) parentPort?.close()
  else parentPort?.postMessage(verifier.verifyAll(operands))
})
