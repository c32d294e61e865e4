/** Transactions as the state machine sees them: decoded, with the sender known. PROTOCOL 2. */
import type { Address, Hash } from '../../core/bytes.ts'
import type { Signature } from '../../core/secp256k1.ts'
import type { CovenantBody } from '../covenant/types.ts'

export const KIND = {
  TRANSFER: 1,
  STAKE: 2,
  UNSTAKE: 3,
  UPDATE_VALIDATOR: 4,
  DELEGATE: 5,
  UNDELEGATE: 6,
  UNJAIL: 7,
  SUBMIT_RESULT: 8,
  REGISTER_WORKER: 9,
  CLAIM: 10,
  SUBMIT_EVIDENCE: 11,
  /** From `activations.vprogs` on, as the next. */
  LANE: 16,
  COVENANT: 17,
  /** Devnets only: sets an account's balance; see ChainParams.devAuthority. */
  DEV_SET_BALANCE: 240,
} as const

export type KindName = keyof typeof KIND

/** `proof` and `signature` are absent in synthetic results. PROTOCOL 6.1. */
export interface ComputeResult {
  /** 16 bytes, an RFC 9562 UUID. */
  readonly taskId: Uint8Array
  readonly workerAddress: Address
  readonly resultHash: Hash
  readonly proof: Uint8Array | undefined
  /** attempt * 2^20 + tile; below 2^53. */
  readonly nonce: number
  readonly signature: Uint8Array | undefined
}

/** What a transaction asks for; `kind` names it, the rest is its body. */
export type Action =
  | { readonly kind: 'TRANSFER'; readonly to: Address; readonly value: bigint; readonly memo: Uint8Array }
  | {
      readonly kind: 'STAKE'
      readonly amount: bigint
      /** Present on first use of a key only. */
      readonly registration?: { readonly blsPublicKey: Uint8Array; readonly proofOfPossession: Uint8Array }
    }
  | { readonly kind: 'UNSTAKE'; readonly amount: bigint }
  | {
      readonly kind: 'UPDATE_VALIDATOR'
      readonly name: string
      readonly website: string
      readonly description: string
      readonly commissionBps: number
      readonly openToWorkers: boolean
    }
  | { readonly kind: 'DELEGATE'; readonly validator: Address; readonly amount: bigint }
  | { readonly kind: 'UNDELEGATE'; readonly validator: Address; readonly shares: bigint }
  | { readonly kind: 'UNJAIL' }
  | {
      readonly kind: 'SUBMIT_RESULT'
      /** 'synthetic' is the only challenge type of version 1. */
      readonly challengeType: string
      /** h: height whose block hash seeds the matrices. */
      readonly seedHeight: number
      /** n: rows of the square matrices. */
      readonly matrixSize: number
      readonly result: ComputeResult
    }
  | { readonly kind: 'REGISTER_WORKER'; readonly validator: Address | undefined; readonly profile: string }
  | {
      readonly kind: 'CLAIM'
      /** At most 16. Without `epoch`: the staking reward accrued at this validator; with: the matured unbonding of that epoch. */
      readonly positions: readonly { readonly validator: Address; readonly epoch?: number }[]
    }
  | {
      readonly kind: 'SUBMIT_EVIDENCE'
      readonly validator: Address
      readonly epoch: number
      readonly view: number
      /** Two signed messages of one validator that cannot both be honest. */
      readonly first: SignedStatement
      readonly second: SignedStatement
    }
  | ({ readonly kind: 'LANE' } & CovenantBody)
  | ({ readonly kind: 'COVENANT' } & CovenantBody)
  | { readonly kind: 'DEV_SET_BALANCE'; readonly account: Address; readonly balance: bigint }

/** A consensus message as evidence carries it. `blockHash` is 32 zero bytes for nullify. */
export interface SignedStatement {
  readonly type: 'proposal' | 'notarize' | 'nullify' | 'finalize'
  readonly blockHash: Hash
  readonly signature: Uint8Array
}

export type EnvelopeType = 'legacy' | 'eip2930' | 'eip1559' | 'native'

/** A decoded envelope; who signed it is not known yet. */
export interface Envelope {
  readonly type: EnvelopeType
  /** The envelope as it travels. */
  readonly raw: Uint8Array
  /** keccak256(raw). */
  readonly hash: Hash
  readonly signingHash: Hash
  readonly signature: Signature
  readonly chainId: number
  readonly nonce: number
  /** Wei per gas. A legacy or 0x01 gasPrice is both. */
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
  readonly gasLimit: number
  readonly action: Action
  /** Native only: the kind byte as sent, and the RLP of the body, for clients that show `input`. */
  readonly kindByte: number
  readonly body: Uint8Array
}

export interface Transaction extends Envelope {
  readonly from: Address
}

/** Wei that leaves the sender besides fees, whatever the kind: what Ethereum clients see as `value`. */
export function valueWei(action: Action): bigint {
  switch (action.kind) {
    case 'TRANSFER':
      return action.value
    case 'STAKE':
    case 'DELEGATE':
      return action.amount
    default:
      return 0n
  }
}
