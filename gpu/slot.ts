/** What an outbox keeps of a result on its way: the claim, the transactions signed for it, and their nonce. */
import { type Address, EMPTY_BYTES, type Hash } from '../core/bytes.ts'
import { keccak256 } from '../core/hash.ts'
import { computeSeed } from '../vm/compute/seed.ts'
import { packNonce, taskIdOf } from '../vm/compute/ticket.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { Action } from '../vm/transaction/types.ts'
import type { FeeCaps, Fees, SubmissionStatus, Work } from './chain-client.ts'
import type { Found } from './worker-events.ts'

/** Above the 10 % that pools ask for. */
const RAISE_PERCENT = 113n

export interface Claim {
  readonly work: Work
  readonly found: Found
  readonly resultHash: Hash
  tries: number
  announced: boolean
}

export interface Version {
  /** Undefined: a transfer that only fills the nonce. */
  readonly claim: Claim | undefined
  readonly raw: Uint8Array
  readonly hash: Hash
  readonly fees: FeeCaps
}

/** One nonce of ours. Without a claim it is there for those behind it alone. */
export interface Slot {
  readonly nonce: number
  claim: Claim | undefined
  /** Of the same nonce, so at most one is ever included; the last is the dearest. */
  versions: Version[]
  /** Final height at which it was last sent. */
  sentHeight: number
  /** A node has said that it has the last version. */
  confirmed: boolean
  /** The node no longer takes it at its price. */
  evicted: boolean
  /** Final height at which its nonce was first seen used without any version in a block. */
  missingHeight: number | undefined
}

/** Of the one version that is in a block. */
export interface Outcome {
  readonly transaction: Hash
  readonly status: Exclude<SubmissionStatus, { readonly status: 'pending' }>
}

const raise = (wei: bigint): bigint => (wei * RAISE_PERCENT + 99n) / 100n
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** The market's price, or enough to replace what is there. */
export function above(fees: Fees, last: Version | undefined): FeeCaps {
  if (last === undefined) return fees
  return {
    maxFeePerGas: most(fees.maxFeePerGas, raise(last.fees.maxFeePerGas)),
    maxPriorityFeePerGas: most(fees.maxPriorityFeePerGas, raise(last.fees.maxPriorityFeePerGas)),
  }
}

const nothingTo = (to: Address): Action => ({ kind: 'TRANSFER', to, value: 0n, memo: EMPTY_BYTES })

function submission(address: Address, { work, found, resultHash }: Claim): Action {
  return {
    kind: 'SUBMIT_RESULT',
    challengeType: 'synthetic',
    seedHeight: found.seedHeight,
    matrixSize: found.matrixSize,
    result: {
      taskId: taskIdOf(computeSeed(work.blockHash, address), found.matrixSize, found.attempt),
      workerAddress: address,
      resultHash,
      proof: undefined,
      nonce: packNonce(found),
      signature: undefined,
    },
  }
}

export interface Wanted {
  readonly chainId: number
  readonly nonce: number
  /** Undefined: a transfer of nothing to oneself. */
  readonly claim: Claim | undefined
  readonly fees: FeeCaps
}

export function signVersion({ chainId, nonce, claim, fees }: Wanted, address: Address, key: Uint8Array): Version {
  const action = claim === undefined ? nothingTo(address) : submission(address, claim)
  const { maxFeePerGas, maxPriorityFeePerGas } = fees
  const raw = signNative({ chainId, nonce, maxFeePerGas, maxPriorityFeePerGas, action }, key)
  return { claim, raw, hash: keccak256(raw), fees: { maxFeePerGas, maxPriorityFeePerGas } }
}
