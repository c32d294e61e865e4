/** Small pools, accounts and transactions for the tests of this folder. */
import { type Address, EMPTY_BYTES, hexKey, u64be, utf8, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { DEFAULT_LIMITS, type MempoolLimits } from '../limits.ts'
import type { MempoolModules } from '../mempool.ts'
import type { Account } from '../sender-queue.ts'

export const testAddress = (label: number): Address => sha256(u64be(label)).slice(0, 20)

export interface TransactionFields {
  /** Label of the sender's address. */
  readonly from?: number
  readonly nonce?: number
  readonly maxFee?: number
  readonly tip?: number
  readonly gasLimit?: number
  readonly value?: number
  readonly bytes?: number
  readonly kind?: 'TRANSFER' | 'UNJAIL'
}

/** Unsigned: the pool never looks at a signature. Equal fields give equal hashes. */
export function testTransaction(fields: TransactionFields = {}): Transaction {
  const {
    from = 0,
    nonce = 0,
    maxFee = 100,
    tip = 10,
    gasLimit = 10,
    value = 0,
    bytes = 100,
    kind = 'TRANSFER',
  } = fields
  const identity = utf8(JSON.stringify([from, nonce, maxFee, tip, gasLimit, value, bytes, kind]))
  return {
    type: 'native',
    raw: new Uint8Array(bytes),
    hash: sha256(identity),
    signingHash: ZERO_HASH,
    signature: { r: 1n, s: 1n, yParity: 0 },
    chainId: 26_180,
    nonce,
    maxPriorityFeePerGas: BigInt(tip),
    maxFeePerGas: BigInt(maxFee),
    gasLimit,
    action: kind === 'UNJAIL' ? { kind } : { kind, to: testAddress(999), value: BigInt(value), memo: EMPTY_BYTES },
    kindByte: kind === 'UNJAIL' ? 7 : 1,
    body: EMPTY_BYTES,
    from: testAddress(from),
  }
}

export const TEST_LIMITS: MempoolLimits = { ...DEFAULT_LIMITS, feeFloorWei: 10n }

/** Accounts that a test may change as blocks would. */
export class TestAccounts {
  readonly #accounts = new Map<string, Account>()
  readonly #initial: Account

  constructor(initial: Account = { nonce: 0, balance: 10n ** 18n }) {
    this.#initial = initial
  }

  get(address: Address): Account {
    return this.#accounts.get(hexKey(address)) ?? this.#initial
  }

  set(address: Address, change: Partial<Account>): void {
    this.#accounts.set(hexKey(address), { ...this.get(address), ...change })
  }

  /** Modules that accept everything. */
  modules(): MempoolModules {
    return { account: (address) => this.get(address), check: () => undefined }
  }
}
