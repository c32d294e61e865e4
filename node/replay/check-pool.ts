/**
 * Threads for the checks of a replay. This thread takes its share: whoever waits for answers works off what no thread has
 * begun, so with N cores N are busy, and without threads everything still gets done.
 */
import type { Worker } from 'node:worker_threads'
import { QuernError } from '../../core/errors.ts'
import { endThread, spawnThread } from '../../gpu/spawn.ts'
import { type Job, runJob } from './checks.ts'

interface Waiting {
  readonly job: Job
  resolve(answer: Uint8Array): void
  reject(error: Error): void
}

interface Slot {
  readonly worker: Worker
  readonly running: Waiting[]
}

/** One in work and one that it finds when it is done. */
const JOBS_PER_THREAD = 2

export class CheckPool {
  readonly #slots: Slot[]
  readonly #queue: Waiting[] = []

  /** @param threads besides this one */
  constructor(threads: number) {
    this.#slots = Array.from({ length: threads }, () => this.#start())
  }

  submit(job: Job): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject })
      this.#dispatch()
    })
  }

  /** Waits for answers, and works meanwhile. */
  async settle<T>(answers: readonly Promise<T>[]): Promise<T[]> {
    let isDone = false
    const all = Promise.all(answers)
    const done = all.then(
      () => {
        isDone = true
      },
      () => {
        isDone = true
      },
    )
    while (!isDone) {
      const next = this.#queue.shift()
      if (next === undefined) await done
      else {
        next.resolve(runJob(next.job))
        // What the threads have answered meanwhile is heard, and they get more.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    return all
  }

  async close(): Promise<void> {
    await Promise.all(this.#slots.map(({ worker }) => endThread(worker, null)))
  }

  #start(): Slot {
    const worker = spawnThread(import.meta.url, './check.worker')
    const slot: Slot = { worker, running: [] }
    worker.on('message', (answer: Uint8Array) => {
      slot.running.shift()?.resolve(answer)
      this.#dispatch()
    })
    const end = (error: unknown): void => {
      const died = new QuernError(
        'WORKER_DIED',
        'a thread of the replay ended early: use --threads 1',
        {},
        { cause: error },
      )
      for (const { reject } of slot.running.splice(0)) reject(died)
      const at = this.#slots.indexOf(slot)
      if (at >= 0) this.#slots.splice(at, 1)
    }
    worker.on('error', end)
    worker.on('exit', end)
    return slot
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      while (slot.running.length < JOBS_PER_THREAD) {
        const next = this.#queue.shift()
        if (next === undefined) return
        slot.running.push(next)
        slot.worker.postMessage(next.job)
      }
    }
  }
}
