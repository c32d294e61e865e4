/** The chain of a run: its first validators, and accounts with something to spend. */
import type { BlsScheme } from '../../core/bls.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { proofOfPossessionBytes } from '../../vm/statement.ts'
import { type SimKey, simKey } from './keys.ts'
import type { Plan } from './plan.ts'

/** Numbers of keys: genesis validators from 0 on, then, after the most that any network here has, the others. */
export const JOINER = 1_000
export const FIRST_USER = JOINER + 1
export const USERS = 5
/** Users of lanes and covenants. */
export const FIRST_VPROG_USER = FIRST_USER + USERS
export const VPROG_USERS = 4

/** Unix time at which every run begins. */
const START_MS = 1_800_000_000_000
const PURSE_WEI = 10_000n * WEI_PER_CPC

/** Whoever may ever own a validator. */
export const ownerKeys = (plan: Plan): SimKey[] => [...plan.stakesWei.keys(), JOINER].map(simKey)

/** Every account that a run knows: nobody else ever holds money. */
export const accountKeys = (plan: Plan): SimKey[] => [
  ...ownerKeys(plan),
  ...Array.from({ length: USERS + VPROG_USERS }, (_, i) => simKey(FIRST_USER + i)),
]

export function simGenesis(plan: Plan, scheme: BlsScheme): Genesis {
  const { params, stakesWei } = plan
  return {
    network: 'devnet',
    timestampMs: START_MS,
    params,
    activations: { vprogs: plan.vprogsFrom },
    alloc: accountKeys(plan).map(({ address }) => ({ address, balanceWei: PURSE_WEI })),
    validators: stakesWei.map((stakeWei, i) => {
      const { address, blsSecretKey } = simKey(i)
      const blsPublicKey = scheme.publicKey(blsSecretKey)
      const proofOfPossession = scheme.sign(blsSecretKey, proofOfPossessionBytes(params.chainId, address, blsPublicKey))
      return { owner: address, blsPublicKey, proofOfPossession, stakeWei, nodeId: '' }
    }),
  }
}
