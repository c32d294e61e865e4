/** Transfers signed beforehand, as bodies of JSON-RPC batches: what a load is made of. */
import { toHex } from '../../core/bytes.ts'
import { DEFAULT_MNEMONIC, mnemonicAccounts } from '../../devnet/keys.ts'
import { PRESETS } from '../../vm/params.ts'
import { signEip1559Transfer } from '../../vm/transaction/sign.ts'
import type { Account } from './rpc-load.ts'

const GWEI = 10n ** 9n
const { chainId } = PRESETS.devnet

export interface Transfers {
  readonly bodies: readonly string[]
  /** With the nonce that each has once all are included. */
  readonly accounts: readonly Account[]
}

export interface TransferPlan {
  readonly accounts: number
  readonly perAccount: number
  /** Transactions in one body. */
  readonly batch: number
  /** Of each account's first. */
  readonly firstNonce?: number
}

/** One account's transactions follow each other in as few batches as they fill, so no connection overtakes another. */
export function signTransfers({ accounts, perAccount, batch: size, firstNonce = 0 }: TransferPlan): Transfers {
  const keys = mnemonicAccounts(DEFAULT_MNEMONIC, accounts)
  const bodies: string[] = []
  let batch: string[] = []
  const close = (): void => {
    if (batch.length > 0) bodies.push(`[${batch.join(',')}]`)
    batch = []
  }
  for (const [i, { privateKey }] of keys.entries()) {
    for (let nonce = firstNonce; nonce < firstNonce + perAccount; nonce++) {
      const to = keys[(i + nonce + 1) % accounts]!.address
      const fees = { maxPriorityFeePerGas: GWEI, maxFeePerGas: 10n * GWEI }
      const raw = toHex(signEip1559Transfer({ chainId, nonce, ...fees, to, value: 1n }, privateKey))
      batch.push(`{"jsonrpc":"2.0","id":${nonce},"method":"eth_sendRawTransaction","params":["${raw}"]}`)
      if (batch.length === size) close()
    }
  }
  close()
  const sent = firstNonce + perAccount
  return { bodies, accounts: keys.map(({ address }) => ({ address: toHex(address), nonce: sent })) }
}
