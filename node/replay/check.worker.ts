/** A thread of the check pool: one job in, its answer out. */
import { parentPort } from 'node:worker_threads'
import { type Job, runJob } from './checks.ts'

parentPort?.on('message', (job: Job) => parentPort?.postMessage(runJob(job)))
