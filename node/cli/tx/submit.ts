/** Signs one action with the right nonce and fee, sends it, and waits for its receipt. */
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { signNative } from '../../../vm/transaction/sign.ts'
import type { Action } from '../../../vm/transaction/types.ts'
import type { RpcClient } from '../rpc-client.ts'
import type { Signer } from '../signer.ts'

/** Blocks come every second or less; a transaction that takes this long needs somebody to look at it. */
const WAIT_MS = 60_000
const POLL_MS = 200

export interface SubmitOptions {
  readonly wait: boolean
  /** Overrides for the impatient, in wei per gas. */
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
  readonly nonce?: number
  /** Default: exactly the gas that the action uses, without gram. */
  readonly gasLimit?: number
}

export interface Submitted {
  readonly hash: string
  readonly from: string
  readonly nonce: number
  readonly status?: 'success' | 'failed'
  readonly error?: string
  readonly height?: number
}

interface ReceiptView {
  readonly status: string
  readonly blockNumber: string
  readonly error?: string
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function waitForReceipt(client: RpcClient, hash: string): Promise<ReceiptView> {
  const until = Date.now() + WAIT_MS
  for (;;) {
    const receipt = await client.call<ReceiptView | null>('eth_getTransactionReceipt', [hash])
    if (receipt !== null) return receipt
    if (Date.now() > until) {
      throw new QuernError(
        'TX_NOT_INCLUDED',
        `sent, but in no block after ${WAIT_MS / 1000} s: look later with \`quern query tx ${hash}\``,
      )
    }
    await sleep(POLL_MS)
  }
}

/** @throws QuernError with the node's tag when it refuses; `TX_NOT_INCLUDED` when no block takes it */
export async function submitAction(
  client: RpcClient,
  signer: Signer,
  action: Action,
  options: SubmitOptions,
): Promise<Submitted> {
  const [chainId, pendingNonce, priority, block] = await Promise.all([
    client.call<string>('eth_chainId'),
    client.call<string>('eth_getTransactionCount', [toHex(signer.address), 'pending']),
    client.call<string>('eth_maxPriorityFeePerGas'),
    client.call<{ baseFeePerGas: string }>('eth_getBlockByNumber', ['latest', false]),
  ])
  const maxPriorityFeePerGas = options.maxPriorityFeePerGas ?? BigInt(priority)
  // Twice the base fee outlasts five full blocks in a row (1.125^5 < 2).
  const maxFeePerGas = options.maxFeePerGas ?? 2n * BigInt(block.baseFeePerGas) + maxPriorityFeePerGas
  const nonce = options.nonce ?? Number(pendingNonce)
  const raw = signNative(
    {
      ...{ chainId: Number(chainId), nonce, maxPriorityFeePerGas, maxFeePerGas, action },
      ...(options.gasLimit === undefined ? {} : { gasLimit: options.gasLimit }),
    },
    signer.privateKey,
  )
  const hash = await client.call<string>('eth_sendRawTransaction', [toHex(raw)])
  const sent = { hash, from: formatAddress(signer.address), nonce }
  if (!options.wait) return sent
  const receipt = await waitForReceipt(client, hash)
  const outcome = { ...sent, height: Number(receipt.blockNumber) }
  if (receipt.status === '0x1') return { ...outcome, status: 'success' }
  return { ...outcome, status: 'failed', error: receipt.error ?? 'UNKNOWN' }
}

/** @throws QuernError with the receipt's code where the transaction failed */
export function succeeded(sent: Submitted): Submitted {
  if (sent.status !== 'failed') return sent
  throw new QuernError(
    sent.error ?? 'UNKNOWN',
    `included in block ${sent.height} and failed; the fee was charged (${sent.hash})`,
  )
}
