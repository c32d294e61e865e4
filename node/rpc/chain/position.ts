/** What an account has at a validator: its bonded stake, what CLAIM would pay it now, and what is unbonding. PROTOCOL 2, 7. */
import { formatAddress } from '../../../core/address.ts'
import { type Address, equalBytes } from '../../../core/bytes.ts'
import type { ChainParams } from '../../../vm/params.ts'
import { claimableRewardWei } from '../../../vm/staking/accrual.ts'
import { weiOfShares } from '../../../vm/staking/shares.ts'
import { maturityEpoch, unmaturedEpochs } from '../../../vm/staking/unbonding.ts'
import { delegations, unbondingPools, unbondingPositions, validators } from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import { type Static, Type } from '../method.ts'
import { Bech32Address, DecimalString, decimalString, Integer } from '../schema.ts'

export const Position = Type.Object(
  {
    height: Integer,
    validator: Bech32Address,
    delegator: Bech32Address,
    shares: DecimalString,
    tokens: decimalString('what the shares are worth, in wei'),
    reward: decimalString('reward of the shares, not yet claimed'),
    commission: decimalString('commission not yet claimed; 0 unless the delegator owns the validator'),
    claimable: decimalString('reward + commission: what a CLAIM of this validator pays'),
    unbonding: Type.Array(
      Type.Object({ epoch: Integer, amount: DecimalString, matures_epoch: Integer }, { additionalProperties: false }),
      { description: 'stake that left the bond in these epochs; later ones first' },
    ),
  },
  { additionalProperties: false },
)
type PositionJson = Static<typeof Position>

/** Matured stake waits to be claimed for ever; so far back beyond the unbonding time it is still looked for. */
const MATURED_EPOCHS_LISTED = 64

function unbonding(state: StateReader, validator: Address, owner: Address, epoch: number, params: ChainParams) {
  const oldest = Math.max(0, (unmaturedEpochs(epoch, params)[0] ?? epoch) - MATURED_EPOCHS_LISTED)
  const list: PositionJson['unbonding'] = []
  for (let left = epoch; left >= oldest; left--) {
    const shares = readRecord(state, unbondingPositions, { validator, epoch: left, owner })
    if (shares === undefined) continue
    const pool = readRecord(state, unbondingPools, { validator, epoch: left }) ?? { tokens: 0n, shares: 0n }
    const amount = weiOfShares(pool, shares).toString()
    list.push({ epoch: left, amount, matures_epoch: maturityEpoch(left, params) })
  }
  return list
}

export interface PositionQuery {
  readonly state: StateReader
  readonly height: number
  /** Of the block at `height`. */
  readonly epoch: number
  readonly params: ChainParams
  readonly validator: Address
  readonly delegator: Address
}

/** Undefined when there is no such validator. */
export function positionJson(query: PositionQuery): PositionJson | undefined {
  const { state, validator: owner, delegator } = query
  const validator = readRecord(state, validators, owner)
  if (validator === undefined) return undefined
  const delegation = readRecord(state, delegations, { validator: owner, delegator })
  const rewardWei = delegation === undefined ? 0n : claimableRewardWei(validator, delegation)
  const commissionWei = equalBytes(owner, delegator) ? validator.commissionAccrued : 0n
  const shares = delegation?.shares ?? 0n
  return {
    height: query.height,
    validator: formatAddress(owner),
    delegator: formatAddress(delegator),
    shares: shares.toString(),
    tokens: weiOfShares(validator, shares).toString(),
    reward: rewardWei.toString(),
    commission: commissionWei.toString(),
    claimable: (rewardWei + commissionWei).toString(),
    unbonding: unbonding(state, owner, delegator, query.epoch, query.params),
  }
}
