/** Starting worker threads from TypeScript sources and from the build alike. */
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Runs `relative` (without extension) next to the module at `parentUrl`: `spawnWorker(import.meta.url, './x.worker')`.
 *
 * A Worker cannot load `.ts` by itself and inherits no loader, so from sources a line of script registers tsx first.
 */
export function spawnWorker(parentUrl: string, relative: string, options: WorkerOptions = {}): Worker {
  if (!new URL(parentUrl).pathname.endsWith('.ts')) return new Worker(new URL(`${relative}.js`, parentUrl), options)
  // Resolved here, because the script would look from the working directory.
  const tsx = import.meta.resolve('tsx/esm/api')
  const file = new URL(`${relative}.ts`, parentUrl).href
  const script = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(file)}) })`
  return new Worker(script, { ...options, eval: true })
}
