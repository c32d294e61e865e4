/** A thread of `quern sim`: one run in, its result out. */
import { parentPort } from 'node:worker_threads'
import { type Run, runSeed } from './sim.ts'

parentPort?.on('message', (run: Run | null) => {
  if (run === null) process.exit()
  void runSeed(run).then((result) => parentPort?.postMessage(result))
})
