/** Starts a worker thread from a module of ours, built or not. */
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * `spawnThread(import.meta.url, './lottery.worker')`. Node cannot load a `.ts` entry into a thread, so from sources the
 * thread registers tsx first; from the build it is the `.js` file beside the caller.
 */
export function spawnThread(parentUrl: string, relative: string, options: WorkerOptions = {}): Worker {
  if (!new URL(parentUrl).pathname.endsWith('.ts')) return new Worker(new URL(`${relative}.js`, parentUrl), options)
  const file = JSON.stringify(new URL(`${relative}.ts`, parentUrl).href)
  const source = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import(${file}) })`
  return new Worker(source, { ...options, eval: true })
}
