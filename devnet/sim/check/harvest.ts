/**
 * What the users of a run got done: transactions that succeeded in final blocks. A run in which little happened proves little,
 * so one that ends without all of this is a fault of the simulator.
 */
import type { ExecutedBlock } from '../../../node/api.ts'
import { isVprogAction } from './kip-id.ts'

const MIN_TRANSACTIONS = 12
const MIN_KINDS = 4
const MIN_RESULTS = 1
const MIN_STAKING_KINDS = 2

/** What moves stake. */
const STAKING = ['STAKE', 'UNSTAKE', 'DELEGATE', 'UNDELEGATE']
/** What changes the power of members of a set in any case: the bond of one who is in it grows. */
const CHANGES_A_SET = ['DELEGATE', 'STAKE']
/** The set that they change comes into force an epoch or two later: so many are not undone meanwhile. */
const ENOUGH_BONDS = 4
/** Kinds that come with an activation: they count for themselves alone. */
export const VPROG_KINDS: readonly string[] = ['LANE', 'COVENANT']
const MIN_VPROGS = 3
const MIN_SPENDS = 1

/** What anybody can do at any time. */
const PLAIN = ['TRANSFER', 'UPDATE_VALIDATOR', 'CLAIM', ...STAKING]

export class Harvest {
  /** By kind of transaction. */
  readonly counts: Record<string, number> = {}
  #vprogs = 0
  /** Of all other kinds. */
  #plain = 0
  /** Outputs spent. */
  #spends = 0

  /** A block that became final, once. */
  add({ transactions, receipts }: Pick<ExecutedBlock, 'transactions' | 'receipts'>): void {
    for (const [index, { action }] of transactions.entries()) {
      if (receipts[index]?.status !== 1) continue
      this.counts[action.kind] = (this.counts[action.kind] ?? 0) + 1
      if (!isVprogAction(action)) this.#plain++
      else {
        this.#vprogs++
        this.#spends += action.inputs.length
      }
    }
  }

  get total(): number {
    return this.#plain + this.#vprogs
  }

  /** @param setChanges sets that were in force and differed from the one before */
  lacks(setChanges: number): Lack[] {
    const missing = (kinds: readonly string[]): string[] => kinds.filter((kind) => this.counts[kind] === undefined)
    const kinds = Object.keys(this.counts).filter((kind) => !VPROG_KINDS.includes(kind)).length
    const results = this.counts.SUBMIT_RESULT ?? 0
    const staking = STAKING.length - missing(STAKING).length
    const bonds = CHANGES_A_SET.reduce((sum, kind) => sum + (this.counts[kind] ?? 0), 0)
    const lacks: Lack[] = []
    const least = (what: string, has: number, wanted: number, helps: readonly string[]): void => {
      if (has < wanted) lacks.push({ what: `${has} ${what} of ${wanted}`, helps })
    }
    least('verified results', results, MIN_RESULTS, ['SUBMIT_RESULT'])
    least('kinds of staking', staking, MIN_STAKING_KINDS, missing(STAKING))
    least('changes of the validator set', setChanges, 1, bonds < ENOUGH_BONDS ? CHANGES_A_SET : [])
    least('kinds of transactions', kinds, MIN_KINDS, missing(PLAIN))
    least('transactions', this.#plain, MIN_TRANSACTIONS, PLAIN)
    least('transactions of lanes and covenants', this.#vprogs, MIN_VPROGS, VPROG_KINDS)
    least('spent outputs', this.#spends, MIN_SPENDS, VPROG_KINDS)
    return lacks
  }
}

export interface Lack {
  readonly what: string
  /** Kinds of transactions that bring it nearer. */
  readonly helps: readonly string[]
}
