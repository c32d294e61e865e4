/**
 * The lottery on a GPU, by WebGPU: drawing, multiplying, folding, hashing and comparing happen on the device, and only
 * winning tiles come back. What the device does stands in `wgsl/`, which kernel multiplies is found by `tune.ts`, and
 * `session.ts` keeps the device busy. Here: one attempt at a time for a caller, the next one ahead of it, and one more
 * device where the first is lost.
 *
 * It promises the same answer as every other backend, to the bit: kernels are compared to the reference before they are
 * used. Sources: WebGPU and WGSL (W3C), RFC 8439, FIPS 180-4, PROTOCOL 6.2.
 */
import { equalBytes } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { LotteryBackend, LotteryJob, TileWin } from '../backend.ts'
import type { Kernel } from './kernel.ts'
import { type Play, Session } from './session.ts'

export interface WebGpuOptions {
  /** Part of the name of one of `listAdapters()`. Default: the one the system likes best. */
  readonly adapter?: string
  /** Where the fastest kernel of each adapter is remembered. Default: nowhere, and it is looked for at every start. */
  readonly tuningFile?: string
  /** Refuses a processor that plays a GPU: `wasm` is faster there. */
  readonly hardwareOnly?: boolean
}

/** What the backend needs of a session. */
export type PlaysAttempts = Pick<Session, 'play' | 'close'>

/** @param kernel the one found the first time, when a device is opened again */
export type OpenSession = () => Promise<PlaysAttempts>

interface Queued {
  readonly job: LotteryJob
  readonly attempt: number
  readonly session: PlaysAttempts
  readonly play: Promise<Play>
}

const isSame = (queued: Queued, job: LotteryJob, attempt: number): boolean =>
  queued.attempt === attempt &&
  queued.job.n === job.n &&
  queued.job.target === job.target &&
  equalBytes(queued.job.seed, job.seed)

const isLost = (error: unknown): boolean => error instanceof QuernError && error.code === 'WEBGPU_DEVICE_LOST'

function cancel(queued: Queued | undefined): void {
  queued?.play.then(
    (play) => play.cancel(),
    () => undefined,
  )
}

export class WebGpuBackend implements LotteryBackend {
  readonly name = 'webgpu'
  readonly #open: OpenSession
  #session: PlaysAttempts
  #ahead: Queued | undefined
  /** While another device is being opened, which may outlast the attempt that has asked for it. */
  #reopening: Promise<void> | undefined
  #busy = false
  #ended: QuernError | undefined
  /** Rejects the attempt that is waiting. */
  #fail: ((reason: unknown) => void) | undefined

  /** @param open opens another session when the device of `session` is lost */
  constructor(session: PlaysAttempts, open: OpenSession) {
    this.#session = session
    this.#open = open
  }

  async attempt(job: LotteryJob, attempt: number, signal?: AbortSignal): Promise<readonly TileWin[]> {
    if (this.#ended !== undefined) throw this.#ended
    signal?.throwIfAborted()
    if (this.#busy) throw new QuernError('LOTTERY_BACKEND_BUSY', 'one attempt at a time: wait for the last one')
    this.#busy = true
    let current: Queued | undefined
    // The caller is free at once; the device is when the bands it has been given are done.
    const onAbort = (): void => this.#fail?.(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const stopped = new Promise<never>((_, reject) => {
        this.#fail = reject
      })
      const queue = (): Queued => {
        current = this.#take(job, attempt)
        return current
      }
      return await Promise.race([this.#play(queue, signal), stopped])
    } catch (error) {
      cancel(current)
      cancel(this.#ahead)
      this.#ahead = undefined
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#fail = undefined
      this.#busy = false
    }
  }

  prefetch(job: LotteryJob, attempt: number): void {
    if (this.#ended !== undefined) return
    if (this.#ahead !== undefined && isSame(this.#ahead, job, attempt)) return
    cancel(this.#ahead)
    this.#ahead = this.#queue(job, attempt)
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    this.#ended = new QuernError('LOTTERY_BACKEND_CLOSED', 'the backend has been closed: create another one')
    this.#fail?.(this.#ended)
    await this.#session.close()
  }

  #queue(job: LotteryJob, attempt: number): Queued {
    const session = this.#session
    const play = (async () => session.play(job, attempt))()
    // Whoever takes it up sees why it failed; nobody may.
    play.catch(() => undefined)
    return { job, attempt, session, play }
  }

  /** The attempt prepared, if it is this one. Another one is not wanted any more. */
  #take(job: LotteryJob, attempt: number): Queued {
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead !== undefined && ahead.session === this.#session && isSame(ahead, job, attempt)) return ahead
    cancel(ahead)
    return this.#queue(job, attempt)
  }

  async #play(queue: () => Queued, signal: AbortSignal | undefined): Promise<readonly TileWin[]> {
    try {
      return await (await queue().play).wins
    } catch (error) {
      if (!isLost(error) || this.#ended !== undefined) throw error
    }
    // Drivers are updated and machines sleep; a device that is lost twice for one attempt has another reason.
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined
    })
    await this.#reopening
    signal?.throwIfAborted()
    return (await queue().play).wins
  }

  async #reopen(): Promise<void> {
    await this.#session.close()
    const session = await this.#open()
    if (this.#ended !== undefined) {
      await session.close()
      throw this.#ended
    }
    this.#session = session
  }
}

/**
 * Opens the device and finds its fastest kernel, which takes a few seconds the first time.
 * @throws QuernError `WEBGPU_UNAVAILABLE`, `WEBGPU_KERNEL`. Attempts reject with `WEBGPU_DEVICE_LOST`, `WEBGPU_MEMORY`,
 *   `LOTTERY_MATRIX_SIZE`, `LOTTERY_BACKEND_FAILED` and as the interface says.
 */
export async function createWebGpuBackend(options: WebGpuOptions = {}): Promise<LotteryBackend> {
  const { tuningFile, ...device } = options
  const first = await Session.create({ ...device, ...(tuningFile === undefined ? {} : { file: tuningFile }) })
  const { kernel }: { readonly kernel: Kernel } = first.tuned
  return new WebGpuBackend(first, () => Session.create({ ...device, kernel }))
}
