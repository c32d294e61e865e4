/** The record of a validator before its first stake. */
import type { Validator } from '../state/tables.ts'

/** Commission starts at 0, and that setting is the registration epoch's only one. */
export const newValidator = (blsPublicKey: Uint8Array, epoch: number): Validator => ({
  tokens: 0n,
  shares: 0n,
  blsPublicKey,
  name: '',
  website: '',
  description: '',
  commissionBps: 0,
  commissionEpoch: epoch,
  openToWorkers: false,
  jailedUntilEpoch: 0,
  tombstoned: false,
  rewardPot: 0n,
  commissionAccrued: 0n,
  rewardPerShare: 0n,
  rewardRemainder: 0n,
})
