/** What `quern chain inspect` gathers, and the answers it reads, as far as it shows them. Money is decimal wei. */
import type { blockTraceJson, transactionTraceJson } from '../trace/json.ts'

export interface Vote {
  readonly kind: 'notarize' | 'finalize'
  readonly view: number
  readonly signed: readonly string[]
  readonly missing: readonly string[]
  /** Of the set's whole power. */
  readonly power_share: number
}

export interface Check {
  readonly check: string
  readonly ok: boolean
}

export interface TransactionLine {
  readonly index: number
  readonly hash: string
  readonly kind: string
  readonly from: string
  readonly to: string | null
  readonly value: string
  readonly gas_used: number
  readonly fee: string
  readonly status: number
  readonly error: string | null
}

export interface Rewards {
  readonly emission: string
  readonly minted: string
  readonly worker_pool: string
  readonly leader: { readonly validator: string; readonly amount: string; readonly priority_fees: string }
  readonly voters: readonly { readonly validator: string; readonly amount: string }[]
  readonly burned_fees: string
}

export type Header = Readonly<Record<string, string | number>> & {
  readonly height: number
  readonly hash: string
  readonly epoch: number
  readonly view: number
  readonly timestamp_ms: number
  readonly proposer: string
  readonly parent_hash: string
  readonly compute_root: string
  readonly state_root: string
  readonly gas_used: number
  readonly gas_limit: number
  readonly gram_used: number
  readonly result_count: number
  readonly difficulty: string
  readonly base_fee_per_gas: string
}

type Steps = Pick<ReturnType<typeof blockTraceJson>, 'begin' | 'end'>
export type TransactionTrace = ReturnType<typeof transactionTraceJson>

export interface BlockInspection {
  readonly type: 'block'
  readonly header: Header
  readonly final: boolean
  /** Null where the node no longer knows the set. */
  readonly votes: readonly Vote[] | null
  readonly transactions: readonly TransactionLine[]
  readonly results: readonly {
    readonly worker_address: string
    readonly result_hash: string
    readonly task_id: string
  }[]
  readonly rewards: Rewards | null
  /** What the block did besides its transactions; null for genesis, and where the state is gone. */
  readonly steps: Steps | null
  readonly checks: readonly Check[]
}

export interface TransactionInspection {
  readonly type: 'transaction'
  readonly transaction: Readonly<Record<string, unknown>>
  /** Null while it waits. */
  readonly place: { readonly height: number; readonly block_hash: string; readonly final: boolean } | null
  readonly line: TransactionLine | null
  readonly trace: TransactionTrace | null
}

export interface Position {
  readonly validator: string
  readonly shares: string
  readonly tokens: string
  readonly claimable: string
  readonly unbonding: readonly { readonly epoch: number; readonly amount: string; readonly matures_epoch: number }[]
}

export interface AddressInspection {
  readonly type: 'address'
  readonly address: string
  readonly hex_address: string
  readonly height: number
  readonly balance: string
  readonly nonce: number
  readonly validator: Readonly<Record<string, unknown>> | null
  readonly positions: readonly Position[]
  readonly worker: Readonly<Record<string, unknown>> | null
  readonly activity: {
    readonly from: number
    readonly to: number
    readonly transactions: readonly (TransactionLine & { readonly height: number })[]
  }
}

export type Inspection = BlockInspection | TransactionInspection | AddressInspection
