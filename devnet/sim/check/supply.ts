/** The supply equation, from the records that hold money, read one by one. PROTOCOL 3. */
import type { Address } from '../../../core/bytes.ts'
import {
  balanceWei,
  carryWei,
  epochPoolWei,
  issuance,
  payoutQueueWei,
  type Reader,
  unbondingWei,
  validatorFacts,
} from './state-tables.ts'

/** Whoever may hold money, and where. */
export interface Holders {
  readonly accounts: readonly Address[]
  /** Whoever may ever stake. */
  readonly owners: readonly Address[]
  readonly genesisWei: bigint
  /** In outputs of covenants and others. */
  readonly outputsWei: bigint
}

/** @returns what does not add up; undefined when all does */
export function supplyFault(state: Reader, epoch: number, holders: Holders): string | undefined {
  let heldWei = carryWei(state) + payoutQueueWei(state) + holders.outputsWei
  for (const account of holders.accounts) heldWei += balanceWei(state, account)
  for (let e = 0; e <= epoch + 1; e++) heldWei += epochPoolWei(state, e)
  for (const owner of holders.owners) {
    const facts = validatorFacts(state, owner)
    if (facts === undefined) continue
    heldWei += facts.tokensWei + facts.rewardPotWei
    for (let e = 0; e <= epoch; e++) heldWei += unbondingWei(state, owner, e)
  }
  const { mintedWei, burnedWei } = issuance(state)
  const issuedWei = holders.genesisWei + mintedWei - burnedWei
  return heldWei === issuedWei ? undefined : `records hold ${heldWei} wei, ${issuedWei} were issued`
}
