/**
 * Carries out what the consensus engine asks for, strictly in order, one input at a time. Whatever answers later (timers,
 * peers, execution) comes back as another input or as a task between inputs, so nothing here runs beside the engine.
 */
import { certificateIn } from '../../consensus/simplex/certificates.ts'
import type { Input, JournalRecord, Output } from '../../consensus/simplex/types.ts'
import type { Certificate } from '../../consensus/types.ts'
import type { Clock } from '../clock.ts'

export interface Engine {
  step(input: Input): Output[]
}

/** Everything but `persist` and timers, which the host does itself. May be asynchronous; the next output waits. */
export type OutputHandler = (
  output: Exclude<Output, { readonly type: 'persist' | 'setTimer' | 'cancelTimer' }>,
) => void | Promise<void>

/**
 * Messages from peers that may wait for the engine. More arrive only while a commit or a full block is executed; they
 * are lost then, and sent again within D (S8).
 */
export const MAX_WAITING_MESSAGES = 16_384

/** Of these, of one sender: twice what a validator sends again at most, so that no peer takes the room of the others. */
export const MAX_WAITING_PER_SENDER = 2_048

/** Of all, proposals, which weigh up to 2 MiB each: an honest network has one in each view, and its leader repeats it. */
export const MAX_WAITING_PROPOSALS = 64

/** Of these, of one sender: more than it has views to lead before its first one is looked at. */
export const MAX_PROPOSALS_PER_SENDER = 8

/** Runs between two inputs; an answer is the next input. */
interface Task {
  readonly run: () => Promise<Input | undefined>
  /** True once it ran, false when the host stopped before. */
  readonly settle: (ran: boolean) => void
}

/** What waits, of one sender or of all. */
interface Load {
  messages: number
  proposals: number
}

export class EngineHost {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #persist: (records: readonly JournalRecord[]) => Promise<void>
  readonly #handle: OutputHandler
  readonly #failed: (error: unknown) => void
  readonly #waiting: (Input | Task)[] = []
  /** Of messages; inputs of our own always have room. */
  readonly #load: Load = { messages: 0, proposals: 0 }
  /** By sender; those of whom nothing waits are not in it. */
  readonly #loadOf = new Map<string | undefined, Load>()
  readonly #timers = new Map<string, () => void>()
  /** Of the outputs in progress, those that wait for what stands before them. */
  readonly #unsaid = new Set<Certificate>()
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(
    engine: Engine,
    modules: {
      readonly clock: Clock
      persist(records: readonly JournalRecord[]): Promise<void>
      readonly handle: OutputHandler
      /** The node cannot go on: its disk, or its own state, let it down. */
      failed(error: unknown): void
    },
  ) {
    this.#engine = engine
    this.#clock = modules.clock
    this.#persist = modules.persist
    this.#handle = modules.handle
    this.#failed = modules.failed
  }

  /** A message for which there is no room is dropped. */
  push(input: Input): void {
    if (input.type === 'message' && !this.#hasRoom(input)) return
    this.#enqueue(input)
  }

  /**
   * Whether the engine has this certificate and has not sent it yet. It may hold a vote of ours that is not on the disk: whoever got
   * it before a crash would know a vote that the next life does not (S7), so nobody is given it.
   */
  isUnsaid(certificate: Certificate): boolean {
    return this.#unsaid.has(certificate)
  }

  /** Runs `run` when the engine is between inputs, and gives the engine its answer. False when the host stopped first. */
  between(run: () => Promise<Input | undefined>): Promise<boolean> {
    return new Promise((settle) => this.#enqueue({ run, settle }))
  }

  /** Ends after the output in progress; what waits is dropped, as a crash would drop it. */
  async stop(): Promise<void> {
    this.#halt()
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    await this.#running
  }

  #enqueue(next: Input | Task): void {
    if (this.#isStopped) {
      if ('settle' in next) next.settle(false)
      return
    }
    this.#count(next, 1)
    this.#waiting.push(next)
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // A turn later, so that a caller never finds itself inside the engine.
    await Promise.resolve()
    let next = this.#take()
    try {
      while (next !== undefined && !this.#isStopped) {
        const input = 'run' in next ? await next.run() : next
        if (input !== undefined) await this.#carryOut(this.#engine.step(input))
        if ('settle' in next) next.settle(true)
        next = this.#take()
      }
    } catch (error) {
      if (next !== undefined && 'settle' in next) next.settle(false)
      this.#halt()
      this.#failed(error)
    } finally {
      // In the very turn that found nothing more: what comes later starts anew.
      this.#running = undefined
    }
  }

  #take(): Input | Task | undefined {
    const next = this.#waiting.shift()
    if (next !== undefined) this.#count(next, -1)
    return next
  }

  #hasRoom({ message, from }: Extract<Input, { readonly type: 'message' }>): boolean {
    const own = this.#loadOf.get(from) ?? { messages: 0, proposals: 0 }
    if (this.#load.messages >= MAX_WAITING_MESSAGES || own.messages >= MAX_WAITING_PER_SENDER) return false
    if (message.type !== 'proposal') return true
    return this.#load.proposals < MAX_WAITING_PROPOSALS && own.proposals < MAX_PROPOSALS_PER_SENDER
  }

  #count(next: Input | Task, change: 1 | -1): void {
    if (!('type' in next) || next.type !== 'message') return
    const own = this.#loadOf.get(next.from) ?? { messages: 0, proposals: 0 }
    for (const load of [own, this.#load]) {
      load.messages += change
      if (next.message.type === 'proposal') load.proposals += change
    }
    if (own.messages === 0) this.#loadOf.delete(next.from)
    else this.#loadOf.set(next.from, own)
  }

  #halt(): void {
    this.#isStopped = true
    for (const waiting of this.#waiting.splice(0)) if ('settle' in waiting) waiting.settle(false)
  }

  async #carryOut(outputs: readonly Output[]): Promise<void> {
    let unsaved: JournalRecord[] = []
    for (const output of outputs) {
      const certificate = certificateIn(output)
      if (certificate !== undefined) this.#unsaid.add(certificate)
    }
    for (const output of outputs) {
      if (output.type === 'persist') {
        unsaved.push(output.record)
        continue
      }
      // Neighbouring records share one write; it is on the disk before anything after it happens (S7).
      if (unsaved.length > 0) await this.#persist(unsaved)
      unsaved = []
      if (this.#isStopped) return
      const certificate = certificateIn(output)
      if (certificate !== undefined) this.#unsaid.delete(certificate)
      if (output.type === 'setTimer') this.#setTimer(output.id, output.delayMs)
      else if (output.type === 'cancelTimer') this.#cancelTimer(output.id)
      else await this.#handle(output)
    }
    if (unsaved.length > 0) await this.#persist(unsaved)
  }

  #setTimer(id: string, delayMs: number): void {
    this.#cancelTimer(id)
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(id)
      this.push({ type: 'timer', id })
    })
    this.#timers.set(id, cancel)
  }

  #cancelTimer(id: string): void {
    this.#timers.get(id)?.()
    this.#timers.delete(id)
  }
}
