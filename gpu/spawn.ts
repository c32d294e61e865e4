/** Starts a worker thread from a module of ours, built or not. */
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * `spawnThread(import.meta.url, './lottery.worker')`. Node cannot load a `.ts` entry into a thread, so from sources the
 * thread registers tsx first; from the build it is the `.js` file beside the caller.
 */
export function spawnThread(parentUrl: string, relative: string, options: WorkerOptions = {}): Worker {
  if (!new URL(parentUrl).pathname.endsWith('.ts')) return new Worker(new URL(`${relative}.js`, parentUrl), options)
  // Resolved here, because the thread's script would look from the working directory.
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const file = JSON.stringify(new URL(`${relative}.ts`, parentUrl).href)
  return new Worker(`import(${tsx}).then((tsx) => { tsx.register(); return import(${file}) })`, {
    ...options,
    eval: true,
  })
}

/**
 * Asks a thread to end, and never terminates it: one that is on its way into a native library would abort the whole process.
 * @param last the message at which the thread ends itself
 */
export function endThread(worker: Worker, last: unknown): Promise<void> {
  // It has ended.
  if (worker.threadId < 0) return Promise.resolve()
  return new Promise((resolve) => {
    worker.once('exit', () => resolve())
    worker.ref()
    worker.postMessage(last)
  })
}
