/** Sends a transaction of kind 16 or 17 with the gas that it takes, and says what its outputs are called. */
import type { Hash } from '../../../core/bytes.ts'
import { toHex } from '../../../core/bytes.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { intrinsicGas } from '../../../vm/gas.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import type { Action } from '../../../vm/transaction/types.ts'
import { LiveLine } from '../live-line.ts'
import type { RpcClient } from '../rpc-client.ts'
import type { Signer } from '../signer.ts'
import { type Submitted, submitAction, succeeded } from '../tx/submit.ts'
import { gramOf, type HeldOutput } from './dry-run.ts'

export interface Sending {
  readonly body: CovenantBody
  readonly nonce: number
  /** What the inputs spend, in their order. */
  readonly spent?: readonly HeldOutput[]
  readonly seqCommit?: Hash
}

export interface SendOptions {
  readonly wait: boolean
  /** Says what is waited for; absent: nothing is shown. */
  readonly waiting?: string
}

/** `txId` names the outputs. */
export type Sent = Submitted & { readonly txId: string }

export const nextNonce = async (client: RpcClient, { address }: Signer): Promise<number> =>
  Number(await client.call<string>('eth_getTransactionCount', [toHex(address), 'pending']))

/** @throws QuernError as `gramOf`, `submitAction` and `succeeded` */
export async function send(
  client: RpcClient,
  signer: Signer,
  { body, nonce, spent = [], seqCommit }: Sending,
  { wait, waiting }: SendOptions,
): Promise<Sent> {
  const action: Action = body.laneId === undefined ? { kind: 'COVENANT', ...body } : { kind: 'LANE', ...body }
  const { address: sender } = signer
  const height = Number(await client.call<string>('eth_blockNumber')) + 1
  const gram = gramOf({ body, sender, nonce, spent, height, ...(seqCommit === undefined ? {} : { seqCommit }) })
  const live = waiting === undefined || !wait ? undefined : new LiveLine(() => undefined, process.stderr)
  if (live?.isDrawn) live.draw(waiting!)
  try {
    const gasLimit = intrinsicGas(action) + gram
    const submitted = succeeded(await submitAction(client, signer, action, { wait, nonce, gasLimit }))
    return { ...submitted, txId: toHex(transactionId(kipTransaction(body, sender, nonce))) }
  } finally {
    live?.end()
  }
}
