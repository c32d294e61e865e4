/** Every table of the L1 state and its record. Records are immutable: a change is a new record. PROTOCOL 3. */
import { type Address, concatBytes, EMPTY_BYTES, fromUtf8, type Hash, u32be, u64be, utf8 } from '../../core/bytes.ts'
import {
  encodeUint,
  type RlpItem,
  rlpBoolean,
  rlpBytes,
  rlpBytesMax,
  rlpList,
  rlpNumber,
  rlpUint,
} from '../../core/rlp.ts'
import { encodeValidatorSet, type ValidatorSet } from '../validator-set.ts'
import { defineTable } from './table.ts'

const uint = encodeUint
const flag = (value: boolean): Uint8Array => encodeUint(value ? 1 : 0)
const SINGLETON = EMPTY_BYTES
const optionalAddress = (item: RlpItem | undefined): Address | undefined => {
  const bytes = rlpBytesMax(item, 20)
  return bytes.length === 0 ? undefined : rlpBytes(item, 20)
}

// ------------------------------------------------------------------------------------------------- accounts

export interface Account {
  readonly nonce: number
  readonly balance: bigint
}

export const accounts = defineTable<Address, Account>({
  name: 'account',
  domain: 'tableAccount',
  key: (address) => address,
  toRlp: (a) => [uint(a.nonce), uint(a.balance)],
  fromRlp: (item) => {
    const [nonce, balance] = rlpList(item, 2)
    return { nonce: rlpNumber(nonce), balance: rlpUint(balance) }
  },
  money: (a) => ({ balances: a.balance }),
})

// ------------------------------------------------------------------------------------------------- staking

/**
 * A validator and the pool of all stake bonded to it. The owner's own stake is a delegation like any other (owner to
 * itself), so slashing `tokens` reaches everybody by share.
 */
export interface Validator {
  /** Bonded wei, the owner's and the delegators' together. */
  readonly tokens: bigint
  readonly shares: bigint
  readonly blsPublicKey: Uint8Array
  readonly name: string
  readonly website: string
  readonly description: string
  readonly commissionBps: number
  /** Epoch of the last commission change: one step (param) an epoch. */
  readonly commissionEpoch: number
  readonly openToWorkers: boolean
  /** UNJAIL may be sent from this epoch on; 0 = not jailed. */
  readonly jailedUntilEpoch: number
  /** Equivocated: never elected again. */
  readonly tombstoned: boolean
  /** Rewards owed to shares and owner but not yet claimed, in wei. Every wei of it belongs to somebody here. */
  readonly rewardPot: bigint
  /** Part of `rewardPot` that is the owner's commission. */
  readonly commissionAccrued: bigint
  /** Cumulative reward per share, scaled by REWARD_SCALE. */
  readonly rewardPerShare: bigint
  /** Remainder of the last division into `rewardPerShare`, in wei * REWARD_SCALE. */
  readonly rewardRemainder: bigint
}

/** 2^96: a reward of one wei over 2^96 shares still moves the accumulator. */
export const REWARD_SCALE = 1n << 96n

/** Keyed by the owner's address. */
export const validators = defineTable<Address, Validator>({
  name: 'validator',
  domain: 'tableValidator',
  key: (owner) => owner,
  toRlp: (v) => [
    uint(v.tokens),
    uint(v.shares),
    v.blsPublicKey,
    utf8(v.name),
    utf8(v.website),
    utf8(v.description),
    uint(v.commissionBps),
    uint(v.commissionEpoch),
    flag(v.openToWorkers),
    uint(v.jailedUntilEpoch),
    flag(v.tombstoned),
    uint(v.rewardPot),
    uint(v.commissionAccrued),
    uint(v.rewardPerShare),
    uint(v.rewardRemainder),
  ],
  fromRlp: (item) => {
    const f = rlpList(item, 15)
    const text = (i: number, max: number): string => fromUtf8(rlpBytesMax(f[i], max))
    return {
      tokens: rlpUint(f[0]),
      shares: rlpUint(f[1]),
      blsPublicKey: rlpBytes(f[2], 48),
      name: text(3, 64),
      website: text(4, 128),
      description: text(5, 256),
      commissionBps: rlpNumber(f[6]),
      commissionEpoch: rlpNumber(f[7]),
      openToWorkers: rlpBoolean(f[8]),
      jailedUntilEpoch: rlpNumber(f[9]),
      tombstoned: rlpBoolean(f[10]),
      rewardPot: rlpUint(f[11]),
      commissionAccrued: rlpUint(f[12]),
      rewardPerShare: rlpUint(f[13], 512),
      rewardRemainder: rlpUint(f[14], 512),
    }
  },
  money: (v) => ({ bonded: v.tokens, accrued: v.rewardPot }),
})

/** BLS public key -> owner: one key serves one validator. */
export const validatorKeys = defineTable<Uint8Array, Address>({
  name: 'validatorKey',
  domain: 'tableValidatorKey',
  key: (publicKey) => publicKey,
  toRlp: (owner) => owner,
  fromRlp: (item) => rlpBytes(item, 20),
})

/** The list the next sets are chosen from: the `MAX_CANDIDATES` validators with most tokens, ascending address. */
export interface Candidate {
  readonly owner: Address
  readonly tokens: bigint
}

/** A longer list would make the epoch change cost more than a bounded block should; sets hold at most 100. */
export const MAX_CANDIDATES = 256

export const candidates = defineTable<void, readonly Candidate[]>({
  name: 'candidates',
  domain: 'tableCandidates',
  key: () => SINGLETON,
  toRlp: (list) => list.map((c) => [c.owner, uint(c.tokens)]),
  fromRlp: (item) =>
    rlpList(item).map((entry) => {
      const [owner, tokens] = rlpList(entry, 2)
      return { owner: rlpBytes(owner, 20), tokens: rlpUint(tokens) }
    }),
})

export interface Delegation {
  readonly shares: bigint
  /** The validator's `rewardPerShare` up to which this position is settled. */
  readonly rewardIndex: bigint
  /** Settled, unclaimed reward, in wei (held in the validator's `rewardPot`). */
  readonly accrued: bigint
}

export const delegations = defineTable<{ readonly validator: Address; readonly delegator: Address }, Delegation>({
  name: 'delegation',
  domain: 'tableDelegation',
  key: ({ validator, delegator }) => concatBytes(validator, delegator),
  toRlp: (d) => [uint(d.shares), uint(d.rewardIndex), uint(d.accrued)],
  fromRlp: (item) => {
    const f = rlpList(item, 3)
    return { shares: rlpUint(f[0]), rewardIndex: rlpUint(f[1], 512), accrued: rlpUint(f[2]) }
  },
})

/** Everything of one validator that started unbonding in one epoch; slashing divides `tokens`, shares stay. */
export interface UnbondingPool {
  readonly tokens: bigint
  readonly shares: bigint
}

export const unbondingPools = defineTable<{ readonly validator: Address; readonly epoch: number }, UnbondingPool>({
  name: 'unbondingPool',
  domain: 'tableUnbondingPool',
  key: ({ validator, epoch }) => concatBytes(validator, u64be(epoch)),
  toRlp: (p) => [uint(p.tokens), uint(p.shares)],
  fromRlp: (item) => {
    const [tokens, shares] = rlpList(item, 2)
    return { tokens: rlpUint(tokens), shares: rlpUint(shares) }
  },
  money: (p) => ({ unbonding: p.tokens }),
})

/** One owner's shares of a pool. */
export const unbondingPositions = defineTable<
  { readonly validator: Address; readonly epoch: number; readonly owner: Address },
  bigint
>({
  name: 'unbondingPosition',
  domain: 'tableUnbondingPosition',
  key: ({ validator, epoch, owner }) => concatBytes(validator, u64be(epoch), owner),
  toRlp: (shares) => uint(shares),
  fromRlp: (item) => rlpUint(item),
})

// ------------------------------------------------------------------------------------------------- compute

export interface Worker {
  /** Validator that this worker's verified work counts for. */
  readonly validator: Address | undefined
  /** Registration that takes effect from `pendingEpoch` on; 0 = none pending. */
  readonly pendingValidator: Address | undefined
  readonly pendingEpoch: number
  readonly profile: string
  readonly results: number
  readonly workMacs: bigint
  readonly paidWei: bigint
}

export const workers = defineTable<Address, Worker>({
  name: 'worker',
  domain: 'tableWorker',
  key: (address) => address,
  toRlp: (w) => [
    w.validator ?? EMPTY_BYTES,
    w.pendingValidator ?? EMPTY_BYTES,
    uint(w.pendingEpoch),
    utf8(w.profile),
    uint(w.results),
    uint(w.workMacs),
    uint(w.paidWei),
  ],
  fromRlp: (item) => {
    const f = rlpList(item, 7)
    return {
      validator: optionalAddress(f[0]),
      pendingValidator: optionalAddress(f[1]),
      pendingEpoch: rlpNumber(f[2]),
      profile: fromUtf8(rlpBytesMax(f[3], 256)),
      results: rlpNumber(f[4]),
      workMacs: rlpUint(f[5]),
      paidWei: rlpUint(f[6]),
    }
  },
})

/** Verified work of one worker in one epoch, until the epoch is paid. */
export const workerEpochs = defineTable<{ readonly epoch: number; readonly worker: Address }, bigint>({
  name: 'workerEpoch',
  domain: 'tableWorkerEpoch',
  key: ({ epoch, worker }) => concatBytes(u64be(epoch), worker),
  toRlp: (workMacs) => uint(workMacs),
  fromRlp: (item) => rlpUint(item),
})

/** 64 entries keep an index chunk near 1.3 KiB, and a pay-out chunk is exactly one block's pay-outs. */
export const CHUNK_ENTRIES = 64

/** Workers of an epoch in order of their first result, in chunks of CHUNK_ENTRIES. */
export const workerEpochIndex = defineTable<{ readonly epoch: number; readonly chunk: number }, readonly Address[]>({
  name: 'workerEpochIndex',
  domain: 'tableWorkerEpochIndex',
  key: ({ epoch, chunk }) => concatBytes(u64be(epoch), u32be(chunk)),
  toRlp: (list) => [...list],
  fromRlp: (item) => rlpList(item).map((entry) => rlpBytes(entry, 20)),
})

/** A claimed ticket: (worker, seed height, n, attempt, tile) as bytes. */
export const nullifiers = defineTable<Uint8Array, boolean>({
  name: 'nullifier',
  domain: 'tableNullifier',
  key: (claim) => claim,
  toRlp: (present) => flag(present),
  fromRlp: (item) => rlpBoolean(item),
})

/** Claims by seed height, in chunks, so that they can be forgotten when the height leaves the window. */
export const nullifierIndex = defineTable<
  { readonly seedHeight: number; readonly chunk: number },
  readonly Uint8Array[]
>({
  name: 'nullifierIndex',
  domain: 'tableNullifierIndex',
  key: ({ seedHeight, chunk }) => concatBytes(u64be(seedHeight), u32be(chunk)),
  toRlp: (list) => [...list],
  fromRlp: (item) => rlpList(item).map((entry) => rlpBytes(entry)),
})

// ------------------------------------------------------------------------------------------------- epochs

export interface Epoch {
  readonly difficultyMacs: bigint
  readonly workMacs: bigint
  readonly results: number
  /** Number of distinct workers in `workerEpochIndex`. */
  readonly workers: number
  /** Wei accrued for this epoch's workers. */
  readonly poolWei: bigint
  /** R(e): randomness after the last block of e-1. */
  readonly randomness: Hash
}

export const epochs = defineTable<number, Epoch>({
  name: 'epoch',
  domain: 'tableEpoch',
  key: (epoch) => u64be(epoch),
  toRlp: (e) => [
    uint(e.difficultyMacs),
    uint(e.workMacs),
    uint(e.results),
    uint(e.workers),
    uint(e.poolWei),
    e.randomness,
  ],
  fromRlp: (item) => {
    const f = rlpList(item, 6)
    return {
      difficultyMacs: rlpUint(f[0]),
      workMacs: rlpUint(f[1]),
      results: rlpNumber(f[2]),
      workers: rlpNumber(f[3]),
      poolWei: rlpUint(f[4]),
      randomness: rlpBytes(f[5], 32),
    }
  },
  money: (e) => ({ workerPool: e.poolWei }),
})

export const epochSets = defineTable<number, ValidatorSet>({
  name: 'epochSet',
  domain: 'tableEpochSet',
  key: (epoch) => u64be(epoch),
  toRlp: encodeValidatorSet,
  fromRlp: (item) => {
    const [epoch, members] = rlpList(item, 2)
    return {
      epoch: rlpNumber(epoch),
      members: rlpList(members).map((entry) => {
        const f = rlpList(entry, 4)
        return {
          address: rlpBytes(f[0], 20),
          blsPublicKey: rlpBytes(f[1], 48),
          power: rlpUint(f[2]),
          weight: rlpUint(f[3], 512),
        }
      }),
    }
  },
})

/** What one validator did in one epoch. */
export interface EpochValidator {
  /** Verified work credited to it by registered workers. */
  readonly workMacs: bigint
  readonly proposedViews: number
  readonly missedViews: number
}

export const epochValidators = defineTable<{ readonly epoch: number; readonly validator: Address }, EpochValidator>({
  name: 'epochValidator',
  domain: 'tableEpochValidator',
  key: ({ epoch, validator }) => concatBytes(u64be(epoch), validator),
  toRlp: (v) => [uint(v.workMacs), uint(v.proposedViews), uint(v.missedViews)],
  fromRlp: (item) => {
    const f = rlpList(item, 3)
    return { workMacs: rlpUint(f[0]), proposedViews: rlpNumber(f[1]), missedViews: rlpNumber(f[2]) }
  },
})

/** Validators that have an `epochValidators` record in an epoch, ascending, so that the records can be deleted. */
export const epochValidatorIndex = defineTable<number, readonly Address[]>({
  name: 'epochValidatorIndex',
  domain: 'tableEpochValidatorIndex',
  key: (epoch) => u64be(epoch),
  toRlp: (list) => [...list],
  fromRlp: (item) => rlpList(item).map((entry) => rlpBytes(entry, 20)),
})

// ------------------------------------------------------------------------------------------------- chain

export interface RecentBlock {
  readonly hash: Hash
  readonly seqCommit: Hash
  readonly timestampMs: number
}

/** The last `laneWindowBlocks` ancestors; a block writes its parent's entry, since its own hash covers the state root. */
export const recentBlocks = defineTable<number, RecentBlock>({
  name: 'recentBlock',
  domain: 'tableRecentBlock',
  key: (height) => u64be(height),
  toRlp: (b) => [b.hash, b.seqCommit, uint(b.timestampMs)],
  fromRlp: (item) => {
    const f = rlpList(item, 3)
    return { hash: rlpBytes(f[0], 32), seqCommit: rlpBytes(f[1], 32), timestampMs: rlpNumber(f[2]) }
  },
})

/** R: the running randomness. */
export const randomness = defineTable<void, Hash>({
  name: 'randomness',
  domain: 'tableRandomness',
  key: () => SINGLETON,
  toRlp: (value) => value,
  fromRlp: (item) => rlpBytes(item, 32),
})

/** Chunks `head`..`tail - 1` wait; each block pays the one at `head`. */
export interface PayoutCursor {
  readonly head: number
  readonly tail: number
}

export const payoutCursor = defineTable<void, PayoutCursor>({
  name: 'payoutCursor',
  domain: 'tablePayout',
  key: () => SINGLETON,
  toRlp: (c) => [uint(c.head), uint(c.tail)],
  fromRlp: (item) => {
    const [head, tail] = rlpList(item, 2)
    return { head: rlpNumber(head), tail: rlpNumber(tail) }
  },
})

export interface Payout {
  readonly worker: Address
  readonly amountWei: bigint
}

export const payouts = defineTable<number, readonly Payout[]>({
  name: 'payout',
  domain: 'tablePayout',
  key: (chunk) => u64be(chunk),
  toRlp: (list) => list.map((p) => [p.worker, uint(p.amountWei)]),
  fromRlp: (item) =>
    rlpList(item).map((entry) => {
      const [worker, amountWei] = rlpList(entry, 2)
      return { worker: rlpBytes(worker, 20), amountWei: rlpUint(amountWei) }
    }),
  money: (list) => ({ payoutQueue: list.reduce((sum, p) => sum + p.amountWei, 0n) }),
})

/** Remainders of integer division, in wei, that the next block hands out with its emission. */
export const carry = defineTable<void, bigint>({
  name: 'carry',
  domain: 'tableCarry',
  key: () => SINGLETON,
  toRlp: (value) => uint(value),
  fromRlp: (item) => rlpUint(item),
  money: (value) => ({ carry: value }),
})

/** The genesis parameters and activations, as the canonical bytes genesis.ts makes: binds them to the stateRoot. */
export const genesisParams = defineTable<void, Uint8Array>({
  name: 'params',
  domain: 'tableParams',
  key: () => SINGLETON,
  toRlp: (value) => value,
  fromRlp: (item) => rlpBytes(item),
})

/** genesis + minted - burned = the sum of the categories. Amounts in wei. */
export interface Supply {
  readonly genesis: bigint
  readonly minted: bigint
  readonly burned: bigint
  readonly balances: bigint
  readonly bonded: bigint
  readonly unbonding: bigint
  readonly accrued: bigint
  readonly workerPool: bigint
  readonly payoutQueue: bigint
  readonly carry: bigint
  /** Held by outputs (vm/covenant). */
  readonly outputs: bigint
}

export const supply = defineTable<void, Supply>({
  name: 'supply',
  domain: 'tableSupply',
  key: () => SINGLETON,
  toRlp: (s) =>
    [
      s.genesis,
      s.minted,
      s.burned,
      s.balances,
      s.bonded,
      s.unbonding,
      s.accrued,
      s.workerPool,
      s.payoutQueue,
      s.carry,
      // The record of a chain without outputs is the one it had before there were any.
      ...(s.outputs === 0n ? [] : [s.outputs]),
    ].map(uint),
  fromRlp: (item) => {
    const items = rlpList(item)
    const f = rlpList(items, items.length === 11 ? 11 : 10).map((entry) => rlpUint(entry))
    return {
      genesis: f[0]!,
      minted: f[1]!,
      burned: f[2]!,
      balances: f[3]!,
      bonded: f[4]!,
      unbonding: f[5]!,
      accrued: f[6]!,
      workerPool: f[7]!,
      payoutQueue: f[8]!,
      carry: f[9]!,
      outputs: f[10] ?? 0n,
    }
  },
})
