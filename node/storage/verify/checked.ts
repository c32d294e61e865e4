/** A store that is being checked, with what the checks need to know. */
import type { Block } from '../../../consensus/types.ts'
import type { BlsScheme } from '../../../core/bls.ts'
import type { Address } from '../../../core/bytes.ts'
import type { KvStore } from '../../../core/kv.ts'
import type { ChainParams } from '../../../vm/params.ts'
import type { Envelope } from '../../../vm/transaction/types.ts'
import type { ValidatorSet } from '../../../vm/validator-set.ts'
import type { Held } from '../layout.ts'
import type { Faults } from './faults.ts'

export type Phase = 'blocks' | 'values' | 'tree' | 'past'

/** Told again and again how far a phase is; `done` of `total` in units of its own. */
export type OnProgress = (phase: Phase, done: number, total: number) => void

/** How often the checks let other things happen, in steps: signals are heard, and a bar is drawn. */
const STEPS_PER_TURN = 64

export class Progress {
  readonly #told: OnProgress
  #steps = 0

  constructor(told: OnProgress) {
    this.#told = told
  }

  async tick(phase: Phase, done: number, total: number): Promise<void> {
    if (++this.#steps % STEPS_PER_TURN !== 0 && done !== total) return
    this.#told(phase, done, total)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export interface Checked {
  readonly kv: KvStore
  readonly faults: Faults
  readonly progress: Progress
  readonly genesis: { readonly block: Block }
  readonly held: Held
  /** Height of the newest final block. */
  readonly head: number
  readonly params: ChainParams
  readonly scheme: BlsScheme
  readonly epochOf: (height: number) => number
  /** Undefined where nothing here says who validated in that epoch. */
  readonly setOf: (epoch: number) => ValidatorSet | undefined
  /** Who leads a view of a recent epoch. */
  readonly leaderOf: (epoch: number, view: number) => ValidatorSet['members'][number] | undefined
  /** Epochs whose certificates could not be checked. */
  readonly unchecked: Set<number>
  /** @throws QuernError for what is no envelope */
  readonly decode: (raw: Uint8Array) => Envelope
  /** Who sent each; undefined where a signature is not valid. */
  readonly recover: (envelopes: readonly Uint8Array[]) => Promise<readonly (Address | undefined)[]>
}
