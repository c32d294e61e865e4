/** The thread behind `threaded.ts`: plays attempts with the reference backend, one at a time. */
import { parentPort } from 'node:worker_threads'
import { assert, messageOf } from '../core/errors.ts'
import { createReferenceBackend } from './reference.ts'
import type { FromThread, ToThread } from './threaded.ts'

const port = parentPort
assert(port !== null, 'lottery.worker.ts runs in a worker thread only')
const backend = createReferenceBackend()
let current: { readonly id: number; readonly controller: AbortController } | undefined

async function play({ id, job, attempt }: Extract<ToThread, { type: 'attempt' }>): Promise<FromThread> {
  const controller = new AbortController()
  current = { id, controller }
  try {
    return { id, wins: await backend.attempt(job, attempt, controller.signal) }
  } catch (error) {
    return { id, failed: messageOf(error) }
  }
}

port.on('message', (message: ToThread) => {
  if (message.type === 'attempt') {
    play(message).then((answer) => port.postMessage(answer))
  } else if (current?.id === message.id) {
    current.controller.abort()
  }
})
