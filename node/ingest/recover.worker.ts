/** The thread that recovers signers: one packed batch in, its answers out, until it is told to end. */
import { parentPort } from 'node:worker_threads'
import { recoverPacked } from './packed.ts'

parentPort?.on('message', (packed: Uint8Array | null) => {
  if (packed === null) {
    parentPort?.close()
    return
  }
  const answers = recoverPacked(packed)
  parentPort?.postMessage(answers, [answers.buffer])
})
