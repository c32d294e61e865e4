/** A thread of `quern sim`: one seed in, its result out. */
import { parentPort } from 'node:worker_threads'
import { runSeed } from './sim.ts'

parentPort?.on('message', (seed: number | null) => {
  if (seed === null) process.exit()
  void runSeed(seed).then((result) => parentPort?.postMessage(result))
})
