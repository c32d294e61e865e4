/** The unspent deposits of a standard covenant: what its claims are paid from. */
import { type Hash, toHex } from '../../../core/bytes.ts'
import { depositSpk } from '../../../vm/settlement/delegate.ts'
import type { RpcClient } from '../rpc-client.ts'
import { outpointOf } from './arguments.ts'
import type { Deposit } from './claim.ts'

interface DepositsView {
  readonly deposits: readonly { readonly outpoint: string; readonly grains: string; readonly height: number }[]
  readonly next: number | null
}

export async function depositsOf(client: RpcClient, id: Hash): Promise<Deposit[]> {
  const spk = depositSpk(id)
  const found: Deposit[] = []
  for (let from: number | null | undefined; from !== null; ) {
    const params: unknown[] = [toHex(id), ...(from === undefined ? [] : [from])]
    const { deposits, next }: DepositsView = await client.call('vprog_getDeposits', params)
    for (const { outpoint, grains, height } of deposits) {
      found.push({ outpoint: outpointOf(outpoint), grains: BigInt(grains), spk, height })
    }
    from = next
  }
  return found
}
