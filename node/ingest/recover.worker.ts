/** The thread that recovers signers: one packed batch in, its answers out. */
import { parentPort } from 'node:worker_threads'
import { recoverPacked } from './packed.ts'

parentPort?.on('message', (packed: Uint8Array) => {
  const answers = recoverPacked(packed)
  parentPort?.postMessage(answers, [answers.buffer])
})
