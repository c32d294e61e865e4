/** A thread of the check pool: one job in, its answer out, until it is told to end. */
import { parentPort } from 'node:worker_threads'
import { type Job, runJob } from './checks.ts'

parentPort?.on('message', (job: Job | null) => {
  if (job === null) parentPort?.close()
  else parentPort?.postMessage(runJob(job))
})
