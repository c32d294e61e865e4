/** One thread of the WASM backend: plays its part of each attempt it is told of, in one call into the module. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../core/errors.ts'
import type { Part, PartDone, ThreadData } from './backend.ts'
import { instantiate } from './module.ts'

const port = parentPort
assert(port !== null, 'play.worker.ts runs in a worker thread only')
const { module, memory } = workerData as ThreadData
const lottery = instantiate(module, memory)

// A trap ends the thread, which ends the backend: memory cannot be trusted after it.
port.on('message', ({ n, level, group, columns, wins, region }: Part) => {
  const finished = lottery.play(n, level, group, columns, wins, region) === 1
  port.postMessage({ finished } satisfies PartDone)
})
