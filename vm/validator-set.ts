/** The voters and leaders of one epoch, fixed two epochs ahead (PROTOCOL 5, S9). */
import type { Address, Hash } from '../core/bytes.ts'
import { domainHash } from '../core/hash.ts'
import { encodeRlp, encodeUint, type RlpItem } from '../core/rlp.ts'

export interface SetMember {
  readonly address: Address
  readonly blsPublicKey: Uint8Array
  /** Bonded stake, in wei: voting power. */
  readonly power: bigint
  /** Leader-election weight, from stake and verified work. */
  readonly weight: bigint
}

/** Members in ascending address order; a validator's index is its place here. Never empty. */
export interface ValidatorSet {
  readonly epoch: number
  readonly members: readonly SetMember[]
}

export const totalPower = (set: ValidatorSet): bigint => set.members.reduce((sum, member) => sum + member.power, 0n)

/** A quorum is more than two thirds of the total power. */
export const isQuorum = (power: bigint, total: bigint): boolean => power * 3n > total * 2n

export const encodeValidatorSet = (set: ValidatorSet): RlpItem => [
  encodeUint(set.epoch),
  set.members.map((m) => [m.address, m.blsPublicKey, encodeUint(m.power), encodeUint(m.weight)]),
]

/** The header's `validatorsHash`. */
export const validatorsHash = (set: ValidatorSet): Hash =>
  domainHash('validatorsHash', encodeRlp(encodeValidatorSet(set)))
