/** The account that may change balances on a devnet, and that its faucet pays from. */
import { type Address, EMPTY_BYTES, type Hash, toHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { NodeApi } from '../node/api.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { Action } from '../vm/transaction/types.ts'
import { eventually } from './chain-events.ts'
import type { AccountKey } from './keys.ts'

export class Authority {
  readonly #api: NodeApi
  readonly #key: AccountKey

  constructor(api: NodeApi, key: AccountKey) {
    this.#api = api
    this.#key = key
  }

  async setBalance(account: Address, balanceWei: bigint): Promise<void> {
    await this.#send({ kind: 'DEV_SET_BALANCE', account, balance: balanceWei })
  }

  fund(account: Address, amountWei: bigint): Promise<Hash> {
    return this.#send({ kind: 'TRANSFER', to: account, value: amountWei, memo: EMPTY_BYTES })
  }

  /** Resolves once it is in a block. One at a time, for the sake of the nonce. */
  async #send(action: Action): Promise<Hash> {
    const api = this.#api
    const { chainId } = api.genesis.params
    const nonce = api.pool().pendingNonce(this.#key.address)
    // Twice today's price outlasts a few full blocks.
    const fees = { maxPriorityFeePerGas: 1n, maxFeePerGas: 2n * api.nextBaseFee() + 1n }
    const sent = await api.submit(signNative({ chainId, nonce, ...fees, action }, this.#key.privateKey))
    if (!sent.ok) throw new QuernError(sent.error.code, sent.error.message, sent.error.meta)
    const hash = sent.value
    const isIncluded = () => api.transactionByHash(hash) !== undefined
    await eventually(api, isIncluded, `${action.kind} ${toHex(hash)} in no block`)
    return hash
  }
}
