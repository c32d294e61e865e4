/**
 * What an execution read and wrote, step by step.
 *
 *     begin, then for each transaction: check, charge, action; then end        (steps of execution.ts)
 *
 * A step lists each record it touched once: as the step found it, and as it left it. Records of one block chain up: what a
 * step leaves is what a later one finds, from the parent's state to the writes of the block. An execution without a trace
 * has no part of this in it; one with a trace gives the same outcome.
 */
import { type Hash, hexKey } from '../../core/bytes.ts'
import type { Table } from '../state/table.ts'
import { type StateReader, StateView, treeKeyOf } from '../state/view.ts'

export type StepName = 'begin' | 'check' | 'charge' | 'action' | 'end'

/** One record that a step touched. `undefined` = there is none. */
export interface TracedAccess {
  readonly table: Table<unknown, unknown>
  /** As the table takes it. */
  readonly key: unknown
  readonly treeKey: Hash
  /** As the step found it. */
  readonly before: unknown
  /** As the step left it. */
  readonly after: unknown
  readonly wasWritten: boolean
}

export interface TracedStep {
  readonly name: StepName
  /** Place in the block; undefined for `begin` and `end`. */
  readonly transaction: number | undefined
  /** In order of first use. */
  readonly accesses: readonly TracedAccess[]
  readonly mintedWei: bigint
  readonly burnedWei: bigint
  /** Script units of each input whose script ran, in order. */
  readonly units: readonly number[]
}

/** Which transactions to record: those at `from` up to but without `to`. `begin` and `end` always are. */
export interface TraceRange {
  readonly from: number
  readonly to: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface OpenStep {
  readonly step: Mutable<TracedStep> & { readonly accesses: TracedAccess[] }
  /** By tree key. */
  readonly known: Map<string, Mutable<TracedAccess>>
}

export class ExecutionTrace {
  readonly steps: TracedStep[] = []
  readonly #range: TraceRange
  #open: OpenStep | undefined

  constructor(range: TraceRange = { from: 0, to: Number.MAX_SAFE_INTEGER }) {
    this.#range = range
  }

  /** The view that a block is executed on, in place of a plain one. */
  view(parent: StateReader): StateView {
    return new TracingView(parent, this)
  }

  /** What follows belongs to this step. */
  enter(name: StepName, transaction?: number): void {
    const { from, to } = this.#range
    if (transaction !== undefined && (transaction < from || transaction >= to)) {
      this.#open = undefined
      return
    }
    const step = { name, transaction, accesses: [], mintedWei: 0n, burnedWei: 0n, units: [] }
    this.#open = { step, known: new Map() }
    this.steps.push(step)
  }

  /** Forgets the steps of a transaction that turned out to be in no block. */
  drop(transaction: number): void {
    while (this.steps.at(-1)?.transaction === transaction) this.steps.pop()
    this.#open = undefined
  }

  /** @param current the record as it stands before this access */
  touch<Key, Value>(table: Table<Key, Value>, key: Key, current: Value | undefined): Mutable<TracedAccess> | undefined {
    if (this.#open === undefined) return undefined
    const { step, known } = this.#open
    const treeKey = treeKeyOf(table, key)
    const id = hexKey(treeKey)
    const earlier = known.get(id)
    if (earlier !== undefined) return earlier
    const access: Mutable<TracedAccess> = {
      table: table as unknown as Table<unknown, unknown>,
      key,
      treeKey,
      before: current,
      after: current,
      wasWritten: false,
    }
    known.set(id, access)
    step.accesses.push(access)
    return access
  }

  ranScripts(units: readonly number[]): void {
    if (this.#open !== undefined) this.#open.step.units = units
  }

  mint(amountWei: bigint): void {
    if (this.#open !== undefined) this.#open.step.mintedWei += amountWei
  }

  burn(amountWei: bigint): void {
    if (this.#open !== undefined) this.#open.step.burnedWei += amountWei
  }
}

class TracingView extends StateView {
  readonly #trace: ExecutionTrace

  constructor(parent: StateReader, trace: ExecutionTrace) {
    super(parent)
    this.#trace = trace
  }

  override get<Key, Value>(table: Table<Key, Value>, key: Key): Value | undefined {
    const value = super.get(table, key)
    this.#trace.touch(table, key, value)
    return value
  }

  override set<Key, Value>(table: Table<Key, Value>, key: Key, value: Value): void {
    this.#write(table, key, value)
    super.set(table, key, value)
  }

  override delete<Key, Value>(table: Table<Key, Value>, key: Key): void {
    this.#write(table, key, undefined)
    super.delete(table, key)
  }

  override mint(amountWei: bigint): void {
    this.#trace.mint(amountWei)
    super.mint(amountWei)
  }

  override burn(amountWei: bigint): void {
    this.#trace.burn(amountWei)
    super.burn(amountWei)
  }

  #write<Key, Value>(table: Table<Key, Value>, key: Key, value: Value | undefined): void {
    const access = this.#trace.touch(table, key, super.get(table, key))
    if (access === undefined) return
    access.after = value
    access.wasWritten = true
  }
}
