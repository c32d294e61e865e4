/** How this node's own validator stands, as far as the final chain tells. */
import { equalBytes } from '../core/bytes.ts'
import { leaderOf } from '../vm/leader.ts'
import { isLastBlockOfEpoch } from '../vm/params.ts'
import { accounts, validators } from '../vm/state/tables.ts'
import { readRecord } from '../vm/state/view.ts'
import type { NodeApi } from './api.ts'

/** Views looked ahead for the next one that the validator leads: beyond that nobody waits for it. */
const MAX_VIEWS_AHEAD = 1_000

export interface OwnStanding {
  readonly balanceWei: bigint
  /** Bonded to it, by its owner and by others; 0 for a key that registered nothing. */
  readonly stakeWei: bigint
  /** In the set of the present epoch. */
  readonly isMember: boolean
  /** Views until it leads, by the present epoch's order; null beyond `MAX_VIEWS_AHEAD`, or for no member. */
  readonly leadsInViews: number | null
}

/** Undefined for a node that only follows. */
export function ownStanding(node: NodeApi): OwnStanding | undefined {
  const { validator } = node
  if (validator === undefined) return undefined
  const { height } = node.finalized()
  const state = node.stateAt(height)
  const latest = node.latest()
  const begins = isLastBlockOfEpoch(latest.height, node.genesis.params)
  const epoch = latest.epoch + (begins ? 1 : 0)
  const set = node.validatorSet(epoch)
  const randomness = node.epochRandomness(epoch)
  const own = set?.members.findIndex(({ address }) => equalBytes(address, validator)) ?? -1
  let leadsInViews: number | null = null
  if (set !== undefined && randomness !== undefined && own >= 0) {
    const next = begins ? 0 : latest.view + 1
    for (let ahead = 0; ahead < MAX_VIEWS_AHEAD && leadsInViews === null; ahead++) {
      if (leaderOf(set, randomness, next + ahead) === own) leadsInViews = ahead + 1
    }
  }
  return {
    balanceWei: state === undefined ? 0n : (readRecord(state, accounts, validator)?.balance ?? 0n),
    stakeWei: state === undefined ? 0n : (readRecord(state, validators, validator)?.tokens ?? 0n),
    isMember: own >= 0,
    leadsInViews,
  }
}
