/** The thread that proves batches of signatures: one list in, how many of it hold out, until it is told to end. */
import { parentPort } from 'node:worker_threads'
import { bls, type SignatureCheck } from '../../core/bls.ts'
import { provenPrefix } from './proven-signatures.ts'

parentPort?.on('message', (checks: readonly SignatureCheck[] | null) => {
  if (checks === null) parentPort?.close()
  else parentPort?.postMessage(provenPrefix(bls, checks))
})
