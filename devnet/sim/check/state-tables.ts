/**
 * Records of the L1 state, read by their definition (PROTOCOL 3): tree key = sha256(domain || key bytes), value = RLP. Only
 * the fields that the checks need.
 */
import { type Address, concatBytes, EMPTY_BYTES, u64be } from '../../../core/bytes.ts'
import type { Domain } from '../../../core/domains.ts'
import { domainHash } from '../../../core/hash.ts'
import { decodeRlp, type RlpItem, rlpBytes, rlpList, rlpNumber, rlpUint } from '../../../core/rlp.ts'

export interface Reader {
  get(treeKey: Uint8Array): Uint8Array | undefined
}

function record(state: Reader, domain: Domain, key: Uint8Array): RlpItem | undefined {
  const bytes = state.get(domainHash(domain, key))
  return bytes === undefined ? undefined : decodeRlp(bytes)
}

const amountAt = (item: RlpItem | undefined, index: number): bigint =>
  item === undefined ? 0n : rlpUint(rlpList(item)[index], 512)

export const balanceWei = (state: Reader, account: Address): bigint =>
  amountAt(record(state, 'tableAccount', account), 1)

export interface ValidatorFacts {
  readonly tokensWei: bigint
  readonly blsPublicKey: Uint8Array
  readonly isJailed: boolean
  readonly isTombstoned: boolean
  readonly rewardPotWei: bigint
}

export function validatorFacts(state: Reader, owner: Address): ValidatorFacts | undefined {
  const item = record(state, 'tableValidator', owner)
  if (item === undefined) return undefined
  const fields = rlpList(item)
  return {
    tokensWei: rlpUint(fields[0]),
    blsPublicKey: rlpBytes(fields[2], 48),
    isJailed: rlpNumber(fields[9]) !== 0,
    isTombstoned: rlpNumber(fields[10]) !== 0,
    rewardPotWei: rlpUint(fields[11]),
  }
}

export const unbondingWei = (state: Reader, validator: Address, epoch: number): bigint =>
  amountAt(record(state, 'tableUnbondingPool', concatBytes(validator, u64be(epoch))), 0)

export const epochPoolWei = (state: Reader, epoch: number): bigint =>
  amountAt(record(state, 'tableEpoch', u64be(epoch)), 4)

export function payoutQueueWei(state: Reader): bigint {
  const cursor = record(state, 'tablePayout', EMPTY_BYTES)
  if (cursor === undefined) return 0n
  const [head, tail] = rlpList(cursor)
  let sumWei = 0n
  for (let chunk = rlpNumber(head); chunk < rlpNumber(tail); chunk++) {
    const queued = record(state, 'tablePayout', u64be(chunk))
    for (const payout of queued === undefined ? [] : rlpList(queued)) sumWei += amountAt(payout, 1)
  }
  return sumWei
}

/** @param outpoint transaction id and index as u32 */
export function outputGrains(state: Reader, outpoint: Uint8Array): bigint | undefined {
  const item = record(state, 'tableOutput', outpoint)
  return item === undefined ? undefined : amountAt(item, 0)
}

/** Outputs that carry the id, as the covenant's own record counts them. */
export function covenantOutputs(state: Reader, id: Uint8Array): number | undefined {
  const item = record(state, 'tableCovenant', id)
  return item === undefined ? undefined : rlpNumber(rlpList(item)[2])
}

export interface LaneFacts {
  readonly tip: Uint8Array
  readonly lastTouch: number
}

export function laneFacts(state: Reader, laneKey: Uint8Array): LaneFacts | undefined {
  const item = record(state, 'tableLane', laneKey)
  if (item === undefined) return undefined
  const fields = rlpList(item)
  return { tip: rlpBytes(fields[1], 32), lastTouch: rlpNumber(fields[2]) }
}

export function carryWei(state: Reader): bigint {
  const item = record(state, 'tableCarry', EMPTY_BYTES)
  return item === undefined ? 0n : rlpUint(item)
}

/** Issued since genesis, and destroyed. */
export function issuance(state: Reader): { readonly mintedWei: bigint; readonly burnedWei: bigint } {
  const item = record(state, 'tableSupply', EMPTY_BYTES)
  return { mintedWei: amountAt(item, 1), burnedWei: amountAt(item, 2) }
}

export interface RecordedMember {
  readonly address: Address
  readonly powerWei: bigint
}

/** The set that the chain itself recorded for an epoch. */
export function recordedSet(state: Reader, epoch: number): readonly RecordedMember[] | undefined {
  const item = record(state, 'tableEpochSet', u64be(epoch))
  if (item === undefined) return undefined
  const [, members] = rlpList(item)
  return rlpList(members).map((member) => {
    const fields = rlpList(member)
    return { address: rlpBytes(fields[0], 20), powerWei: rlpUint(fields[2]) }
  })
}
