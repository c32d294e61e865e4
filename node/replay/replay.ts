/**
 * A replay from end to end: source, state, threads, and what differs where it differs. What it promises: without a
 * divergence, this machine with these backends computes, from the genesis or from the state of a block, every root the chain
 * agreed on; and every signature that the chain stands on verifies.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Block } from '../../consensus/types.ts'
import type { AppliedBlock } from '../../consensus/validate.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { KvStore } from '../../core/kv.ts'
import { StateLayer } from '../../vm/state/layers.ts'
import type { StateReader, StateWrite } from '../../vm/state/view.ts'
import { LevelStore } from '../storage/level-store.ts'
import { CheckPool } from './check-pool.ts'
import { type Difference, firstDifference } from './difference.ts'
import { type KeyName, nameKey } from './key-names.ts'
import { type Divergence, type ReplayEnd, type ReplayTarget, replayBlocks, type SourceBlock } from './replay-blocks.ts'
import { ReplayState, type Spill } from './replay-state.ts'
import type { ReplaySource } from './source.ts'

export interface FoundDivergence {
  readonly height: number
  readonly code: string
  readonly message: string
  readonly block: Block
  readonly root: Divergence['root']
  /** The first state key that differs; undefined where the source says nothing of the state, or none does. */
  readonly difference: Difference | undefined
  /** Whose key it is. */
  readonly name: KeyName | undefined
}

export interface ReplayStep {
  readonly applied: AppliedBlock
  readonly parent: Block
  /** The state before the block; good until the promise resolves. */
  readonly before: StateReader
}

export interface ReplayOptions {
  /** In all. */
  readonly threads: number
  /** Stops at the first divergence, even where the source says how it should have gone on. */
  readonly untilDivergence?: boolean
  /** Before the block is taken in. */
  readonly onBlock?: (step: ReplayStep) => Promise<void> | void
  readonly onDivergence?: (found: FoundDivergence) => void
  /** Changed values and nodes held in memory before they go to the disk. */
  readonly maxHeld?: number
}

/** Divergences after which nobody learns more. */
const MAX_DIVERGENCES = 100

export async function replay(source: ReplaySource, options: ReplayOptions): Promise<ReplayEnd> {
  const spill = new SpillFolder()
  const pool = new CheckPool(options.threads - 1)
  const state = new ReplayState(source.base, spill, options.maxHeld)
  try {
    if (source.first !== undefined) await state.commit(source.first)
    const { rules } = source
    const target = new ReplayOnState(source, state, options)
    return await replayBlocks(source.parent, source.blocks(), {
      target,
      rules,
      pool,
      onDivergence: (divergence) => target.report(divergence),
    })
  } finally {
    await pool.close()
    await spill.remove()
  }
}

class ReplayOnState implements ReplayTarget {
  readonly state: ReplayState
  readonly #source: ReplaySource
  readonly #options: ReplayOptions
  #parent: Block
  #divergences = 0

  constructor(source: ReplaySource, state: ReplayState, options: ReplayOptions) {
    this.#source = source
    this.state = state
    this.#options = options
    this.#parent = source.parent
  }

  load(writes: readonly StateWrite[]): Promise<void> {
    return this.state.load(writes)
  }

  async commit(applied: AppliedBlock, at: SourceBlock): Promise<Divergence | undefined> {
    await this.#options.onBlock?.({ applied, parent: this.#parent, before: this.state })
    const divergence = await this.#recorded(applied, at)
    await this.state.commit(applied.state)
    this.#parent = applied.block
    return divergence
  }

  async report({ height, failure, root, writes, transactions, source: at }: Divergence): Promise<void> {
    const { code, message } = failure
    const { block } = at
    const expected = await this.#source.expectedWrites(at)
    const isKnown = writes !== undefined && expected !== undefined
    const difference = isKnown ? firstDifference(this.state, writes, expected) : undefined
    const scope = {
      block,
      parent: this.#parent,
      transactions: transactions ?? [],
      state: this.state,
      rules: this.#source.rules,
    }
    const name = difference === undefined ? undefined : nameKey(difference.treeKey, scope)
    this.#options.onDivergence?.({ height, code, message, block, root, difference, name })
  }

  /** Goes on with what the source says, if that has the header's root. */
  async adopt({ source: at }: Divergence): Promise<boolean> {
    if (this.#isEnough()) return false
    const writes = await this.#source.expectedWrites(at)
    if (writes === undefined) return false
    await this.state.load(writes)
    const layer = new StateLayer(this.state, writes)
    if (!equalBytes(layer.root, at.block.header.stateRoot)) return false
    await this.state.commit(layer)
    this.#parent = at.block
    return true
  }

  #isEnough(): boolean {
    this.#divergences++
    return this.#options.untilDivergence === true || this.#divergences >= MAX_DIVERGENCES
  }

  /** Compares what the source says of the state with what came out. @returns a divergence that ends the replay */
  async #recorded({ block, transactions, state }: AppliedBlock, at: SourceBlock): Promise<Divergence | undefined> {
    const expected = await this.#source.expectedWrites(at)
    if (expected === undefined || firstDifference(this.state, state.writes, expected) === undefined) return undefined
    const divergence: Divergence = {
      height: block.header.height,
      failure: { code: 'RECORDED_STATE', message: 'the block is right, and the state recorded with it is not' },
      source: at,
      root: state.root,
      writes: state.writes,
      transactions,
    }
    await this.report(divergence)
    return this.#isEnough() ? divergence : undefined
  }
}

/** A temporary store, made when it is needed. */
export class SpillFolder implements Spill {
  #folder: string | undefined
  #store: KvStore | undefined

  async open(): Promise<KvStore> {
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-replay-'))
    this.#store = await LevelStore.open(this.#folder)
    return this.#store
  }

  async remove(): Promise<void> {
    await this.#store?.close()
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true })
  }
}
