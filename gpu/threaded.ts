/** The reference backend on a thread of its own, so that a process with a node in it stays responsive. */
import type { Worker } from 'node:worker_threads'
import { QuernError } from '../core/errors.ts'
import type { LotteryBackend, LotteryJob, TileWin } from './backend.ts'
import { spawnThread } from './spawn.ts'

export type ToThread =
  | { readonly type: 'attempt'; readonly id: number; readonly job: LotteryJob; readonly attempt: number }
  | { readonly type: 'abort'; readonly id: number }

export type FromThread =
  | { readonly id: number; readonly wins: readonly TileWin[] }
  | { readonly id: number; readonly failed: string }

export type BackendErrorCode = 'LOTTERY_BACKEND_FAILED' | 'LOTTERY_BACKEND_CLOSED' | 'LOTTERY_BACKEND_BUSY'

interface Waiting {
  readonly id: number
  resolve(wins: readonly TileWin[]): void
  reject(error: unknown): void
}

class ThreadedBackend implements LotteryBackend {
  readonly name = 'typescript-thread'
  readonly #thread: Worker
  #waiting: Waiting | undefined
  #ended: QuernError<BackendErrorCode> | undefined
  #nextId = 0

  constructor() {
    this.#thread = spawnThread(import.meta.url, './lottery.worker')
    this.#thread.on('message', (answer: FromThread) => this.#settle(answer))
    this.#thread.on('error', (cause) => this.#end(threadFailed(cause)))
    this.#thread.on('exit', () => this.#end(threadFailed(undefined)))
  }

  attempt(job: LotteryJob, attempt: number, signal?: AbortSignal): Promise<readonly TileWin[]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#waiting !== undefined) {
      return Promise.reject(new QuernError('LOTTERY_BACKEND_BUSY', 'one attempt at a time: wait for the last one'))
    }
    const id = this.#nextId++
    return new Promise<readonly TileWin[]>((resolve, reject) => {
      // The caller is free at once; the thread follows at its next slice, before it takes the next attempt.
      const onAbort = (): void => {
        this.#thread.postMessage({ type: 'abort', id } satisfies ToThread)
        this.#waiting?.reject(signal?.reason)
      }
      const done = (): void => {
        this.#waiting = undefined
        signal?.removeEventListener('abort', onAbort)
      }
      this.#waiting = {
        id,
        resolve: (wins) => {
          done()
          resolve(wins)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#thread.postMessage({ type: 'attempt', id, job, attempt } satisfies ToThread)
    })
  }

  async close(): Promise<void> {
    this.#end(new QuernError('LOTTERY_BACKEND_CLOSED', 'the backend has been closed: create another one'))
    await this.#thread.terminate()
  }

  #settle(answer: FromThread): void {
    // An aborted attempt still answers, after its caller has gone.
    if (this.#waiting?.id !== answer.id) return
    if ('wins' in answer) this.#waiting.resolve(answer.wins)
    else this.#waiting.reject(new QuernError('LOTTERY_BACKEND_FAILED', `the lottery failed: ${answer.failed}`))
  }

  #end(error: QuernError<BackendErrorCode>): void {
    this.#ended ??= error
    this.#waiting?.reject(this.#ended)
  }
}

const threadFailed = (cause: unknown): QuernError<BackendErrorCode> =>
  new QuernError('LOTTERY_BACKEND_FAILED', 'the lottery thread has died: restart the worker', {}, { cause })

/** @throws nothing: a thread that cannot start rejects the first attempt with `LOTTERY_BACKEND_FAILED` */
export const createThreadedBackend = (): LotteryBackend => new ThreadedBackend()
