/** Validators that missed too many of their leader views are jailed when the epoch ends. PROTOCOL 5, 11. */
import { type Address, compareBytes } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { BlockContext, ExecutionRules } from '../execution/types.ts'
import type { ChainParams } from '../params.ts'
import { type EpochValidator, epochSets, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { totalPower } from '../validator-set.ts'
import { epochValidator } from './epoch-validators.ts'
import { slash } from './slash.ts'

/** At most one tenth of the power is jailed by one epoch, so that an outage cannot empty the set. */
const JAILED_POWER_PARTS = 10n

interface Absentee {
  readonly address: Address
  readonly power: bigint
  readonly missedViews: number
  /** Leader views it had: proposed and missed. */
  readonly ledViews: number
}

function missedTooMany(record: EpochValidator, params: ChainParams): boolean {
  const ledViews = record.proposedViews + record.missedViews
  return record.missedViews >= params.missedViewsMin && record.missedViews * 10_000 >= params.missedViewsBps * ledViews
}

/** The larger part of its views missed first; among equals the smaller address. */
function worstFirst(a: Absentee, b: Absentee): number {
  const difference = b.missedViews * a.ledViews - a.missedViews * b.ledViews
  return difference === 0 ? compareBytes(a.address, b.address) : difference
}

/**
 * Jails by the letter of the tenth: whoever would exceed it is passed over, and the next worst is looked at, so a large
 * absentee neither goes to jail nor shields the small ones. A validator with more than a tenth of the power by itself
 * is therefore never jailed, and among fewer than ten equals nobody is. Those already jailed stay as they are.
 */
export function jailAbsentees(state: StateView, context: BlockContext, rules: ExecutionRules): void {
  const { epoch } = context
  const { params } = rules
  const set = state.get(epochSets, epoch)
  assert(set !== undefined, 'no validator set of the current epoch', { epoch })

  const absentees: Absentee[] = []
  for (const { address, power } of set.members) {
    const record = epochValidator(state, epoch, address)
    if (!missedTooMany(record, params)) continue
    const validator = state.get(validators, address)
    assert(validator !== undefined, 'a member of the set has no validator record')
    if (validator.tombstoned || validator.jailedUntilEpoch !== 0) continue
    const { missedViews, proposedViews } = record
    absentees.push({ address, power, missedViews, ledViews: missedViews + proposedViews })
  }

  const total = totalPower(set)
  let jailedPower = 0n
  for (const { address, power } of absentees.sort(worstFirst)) {
    if ((jailedPower + power) * JAILED_POWER_PARTS > total) continue
    jailedPower += power
    slash(state, address, params.slashDowntimeBps, epoch, params)
    const validator = state.get(validators, address)
    assert(validator !== undefined, 'a jailed validator has no record')
    state.set(validators, address, { ...validator, jailedUntilEpoch: epoch + 1 + params.jailEpochs })
  }
}
