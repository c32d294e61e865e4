/** Which exit a claim pays, and from which deposits. */
import { QuernError } from '../../../core/errors.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import type { Exit } from '../../../vm/settlement/exits.ts'
import { MAX_DELEGATES } from '../../../vm/settlement/permission.ts'
import type { CovenantOutput, ExitClaim } from '../../../vm/settlement/transactions.ts'
import { cpcOfGrains } from './arguments.ts'
import type { HeldOutput } from './dry-run.ts'

/** What a settlement left to be claimed. */
export interface Bundle {
  readonly output: CovenantOutput
  /** As they stand now; an amount of 0 is claimed. */
  readonly exits: readonly Exit[]
}

export interface Deposit extends HeldOutput {
  readonly outpoint: Outpoint
}

/** Largest first, so that eight of them reach as far as they can. */
export function depositsFor<T extends Pick<Deposit, 'grains'>>(deposits: readonly T[], amount: bigint): T[] {
  const picked: T[] = []
  let sum = 0n
  for (const deposit of deposits.toSorted((a, b) => (a.grains < b.grains ? 1 : -1))) {
    if (sum >= amount || picked.length === MAX_DELEGATES) break
    picked.push(deposit)
    sum += deposit.grains
  }
  return picked
}

export interface ClaimWish {
  /** Of the bundle; default: the first that is not claimed. */
  readonly index?: number
  /** Grains; default: all that is left, or as much as deposits pay for. */
  readonly amount?: bigint
}

export type FundedClaim = Omit<ExitClaim, 'deposits'> & { readonly deposits: readonly Deposit[] }

/** @throws QuernError `EXIT_INDEX`, `EXIT_CLAIMED`, `CLAIM_AMOUNT`, `CLAIM_FUNDS` */
export function chooseClaim({ output, exits }: Bundle, all: readonly Deposit[], wish: ClaimWish): FundedClaim {
  const index = wish.index ?? exits.findIndex(({ amount }) => amount > 0n)
  const exit = exits[index]
  if (exit === undefined) throw new QuernError('EXIT_INDEX', `the bundle has exits 0 to ${exits.length - 1}`)
  if (exit.amount === 0n) throw new QuernError('EXIT_CLAIMED', `exit ${index} is claimed: name another with --exit`)
  const wanted = wish.amount ?? exit.amount
  if (wanted > exit.amount) {
    throw new QuernError('CLAIM_AMOUNT', `exit ${index} holds ${cpcOfGrains(exit.amount)}: claim no more`)
  }
  const deposits = depositsFor(all, wanted)
  const funds = deposits.reduce((sum, { grains }) => sum + grains, 0n)
  if (funds === 0n || (wish.amount !== undefined && funds < wanted)) {
    throw new QuernError(
      'CLAIM_FUNDS',
      `the covenant's deposits pay for ${cpcOfGrains(funds)} in one claim: deposit first, or claim less with --amount`,
    )
  }
  const claim = { permission: output, exits, index, deposits }
  return funds < wanted ? { ...claim, deduct: funds } : { ...claim, deduct: wanted }
}
