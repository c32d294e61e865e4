/** Validators as `chain_` methods give them: the record, and what they do in one epoch. */
import { formatAddress } from '../../../core/address.ts'
import { type Address, compareBytes, equalBytes, hexKey, toHex } from '../../../core/bytes.ts'
import {
  candidates,
  type EpochValidator,
  epochSets,
  epochValidators,
  type Validator,
  validators,
} from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import type { ValidatorSet } from '../../../vm/validator-set.ts'
import type { NodeApi } from '../../api.ts'
import { requireState } from '../block-ref.ts'
import { type Static, Type } from '../method.ts'
import { Bech32Address, Data, DecimalString, decimalString, Integer, Nullable } from '../schema.ts'
import { lastHeightOf } from './epoch-ref.ts'

const Status = Type.Union(
  [
    Type.Literal('active'),
    Type.Literal('candidate'),
    Type.Literal('jailed'),
    Type.Literal('tombstoned'),
    Type.Literal('inactive'),
  ],
  {
    description:
      'active: in the set of the current epoch; candidate: may be in a later one; jailed: until it sends UNJAIL; ' +
      'tombstoned: equivocated, never elected again; inactive: bonds too little to be elected',
  },
)

export const ValidatorObject = Type.Object(
  {
    address: Bech32Address,
    bls_public_key: Data,
    name: Type.String(),
    website: Type.String(),
    description: Type.String(),
    status: Status,
    tokens: decimalString('bonded wei, of the owner and the delegators together'),
    shares: DecimalString,
    commission_bps: Integer,
    open_to_workers: Type.Boolean(),
    jailed_until_epoch: Nullable(Integer),
    rewards_owed: decimalString('wei accrued and not yet claimed, commission included'),
    commission_owed: decimalString("wei of it that is the owner's commission"),
    epoch: Type.Integer({ description: 'epoch that the fields below are about' }),
    power: Nullable(decimalString('voting power in wei; null when not in the set')),
    weight: Nullable(decimalString('leader-election weight; null when not in the set')),
    proposed_views: Nullable(Integer),
    missed_views: Nullable(Integer),
    work_macs: Nullable(decimalString('verified work that counts for it')),
  },
  { additionalProperties: false },
)
type ValidatorJson = Static<typeof ValidatorObject>

/** What the examples of the methods show. */
export const EXAMPLE_VALIDATOR: ValidatorJson = {
  address: 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp',
  bls_public_key: '0xacb4ebe7bb0a9eb0c2a242fcfa427353466113483585e10b8b875fb2e3e462a3b08b5f9378f371d6672d4e44558dd97f',
  name: '',
  website: '',
  description: '',
  status: 'active',
  tokens: '5010000000000000000000',
  shares: '5010000000000000000000',
  commission_bps: 0,
  open_to_workers: false,
  jailed_until_epoch: null,
  rewards_owed: '22500000000575000000',
  commission_owed: '0',
  epoch: 1,
  power: '5000000000000000000000',
  weight: '5000000000000000000000',
  proposed_views: 2,
  missed_views: 0,
  work_macs: '0',
}

export interface ValidatorViewpoint {
  /** After the newest notarised block. */
  readonly state: StateReader
  readonly currentSet: ValidatorSet | undefined
  readonly minStakeWei: bigint
  /** Owners on the candidates list, by `hexKey`. */
  readonly listed: ReadonlySet<string>
  /** Epoch of power, weight, views and work. */
  readonly epoch: number
  readonly set: ValidatorSet | undefined
  /** At the end of that epoch, or now while it lasts; undefined when this node no longer holds it. */
  readonly epochState: StateReader | undefined
}

const NOTHING_DONE: EpochValidator = { workMacs: 0n, proposedViews: 0, missedViews: 0 }

/** @param epoch whose power, weight, views and work are wanted */
export function viewpoint(node: NodeApi, epoch: number): ValidatorViewpoint {
  const { state } = requireState(node, 'latest')
  const listed = (readRecord(state, candidates, undefined) ?? []).map(({ owner }) => hexKey(owner))
  const epochState = node.stateAt(Math.min(lastHeightOf(epoch, node.genesis.params), node.latest().height))
  return {
    state,
    currentSet: node.validatorSet(node.latest().epoch),
    minStakeWei: node.genesis.params.minStakeWei,
    listed: new Set(listed),
    epoch,
    set: node.validatorSet(epoch) ?? (epochState && readRecord(epochState, epochSets, epoch)),
    epochState,
  }
}

const memberOf = (set: ValidatorSet | undefined, owner: Address) =>
  set?.members.find(({ address }) => equalBytes(address, owner))

function statusOf(view: ValidatorViewpoint, owner: Address, validator: Validator): ValidatorJson['status'] {
  if (validator.tombstoned) return 'tombstoned'
  if (validator.jailedUntilEpoch !== 0) return 'jailed'
  if (memberOf(view.currentSet, owner) !== undefined) return 'active'
  return view.listed.has(hexKey(owner)) && validator.tokens >= view.minStakeWei ? 'candidate' : 'inactive'
}

/** Undefined when no validator has this owner. */
export function validatorJson(view: ValidatorViewpoint, owner: Address): ValidatorJson | undefined {
  const validator = readRecord(view.state, validators, owner)
  if (validator === undefined) return undefined
  const member = memberOf(view.set, owner)
  const key = { epoch: view.epoch, validator: owner }
  const done = view.epochState && (readRecord(view.epochState, epochValidators, key) ?? NOTHING_DONE)
  return {
    address: formatAddress(owner),
    bls_public_key: toHex(validator.blsPublicKey),
    name: validator.name,
    website: validator.website,
    description: validator.description,
    status: statusOf(view, owner, validator),
    tokens: validator.tokens.toString(),
    shares: validator.shares.toString(),
    commission_bps: validator.commissionBps,
    open_to_workers: validator.openToWorkers,
    jailed_until_epoch: validator.jailedUntilEpoch === 0 ? null : validator.jailedUntilEpoch,
    rewards_owed: validator.rewardPot.toString(),
    commission_owed: validator.commissionAccrued.toString(),
    epoch: view.epoch,
    power: member === undefined ? null : member.power.toString(),
    weight: member === undefined ? null : member.weight.toString(),
    proposed_views: done?.proposedViews ?? null,
    missed_views: done?.missedViews ?? null,
    work_macs: done?.workMacs.toString() ?? null,
  }
}

/** Owners on the candidates list and in these sets, ascending. Both are bounded by parameters, so no more is read. */
export function knownOwners(state: StateReader, sets: readonly (ValidatorSet | undefined)[]): Address[] {
  const owners = [
    ...(readRecord(state, candidates, undefined) ?? []).map(({ owner }) => owner),
    ...sets.flatMap((set) => (set?.members ?? []).map(({ address }) => address)),
  ]
  return [...new Map(owners.map((owner) => [hexKey(owner), owner])).values()].sort(compareBytes)
}
