/** What the sending commands of `quern vprog` share: who signs, which node, the next nonce, and how it ends. */
import type { Command } from 'commander'
import { type CliContext, outputOf, withRpc } from '../context.ts'
import type { Output } from '../output.ts'
import { type RpcClient, rpcClient } from '../rpc-client.ts'
import { loadSigner, type Signer, type SignerOptions, withSigner } from '../signer.ts'
import type { Sending, Sent } from './send.ts'

export interface SendFlags extends SignerOptions {
  readonly rpc: string
  readonly wait: boolean
}

export interface Desk {
  readonly client: RpcClient
  readonly signer: Signer
  readonly nonce: number
  readonly output: Output
  /** @param waiting what is waited for, in words */
  send(sending: Omit<Sending, 'nonce'>, waiting: string): Promise<Sent>
}

export const sendingCommand = (vprog: Command, usage: string, context: CliContext): Command =>
  withSigner(withRpc(vprog.command(usage), context), 'signs').option('--no-wait', 'do not wait for the receipt')

export async function openDesk(flags: SendFlags, command: Command, context: CliContext): Promise<Desk> {
  const output = outputOf(command, context)
  const client = rpcClient(flags.rpc)
  const signer = await loadSigner(flags, context.env)
  // It runs scripts before it sends them; no other command loads them.
  const { nextNonce, send } = await import('./send.ts')
  const nonce = await nextNonce(client, signer)
  return {
    ...{ client, signer, nonce, output },
    send: (sending, waiting) =>
      send(client, signer, { ...sending, nonce }, { wait: flags.wait, ...(output.json ? {} : { waiting }) }),
  }
}

/** Rows of what was sent, for people. */
export const sentRows = ({ hash, txId, status, height }: Sent): readonly [string, string | number | undefined][] => [
  ['hash', hash],
  ['tx id', txId],
  ['status', status ?? 'sent'],
  ['block', height],
]
