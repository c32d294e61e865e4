/** A check that recovers signatures in threads of its own. */
import type { KvStore } from '../../../core/kv.ts'
import type { Genesis } from '../../../vm/genesis.ts'
import { decodeOptions } from '../../../vm/transaction/envelope.ts'
import { SignaturePool } from '../../ingest/signature-pool.ts'
import { type VerifyOptions, type VerifyReport, verifyStore } from './verify.ts'

export async function verifyWithThreads(
  kv: KvStore,
  genesis: Genesis,
  options: Omit<VerifyOptions, 'recover'>,
): Promise<VerifyReport> {
  const { params } = genesis
  const pool = new SignaturePool({ chainId: params.chainId, decode: decodeOptions(params) })
  try {
    const recover = async (envelopes: readonly Uint8Array[]) =>
      (await pool.recoverBlock(envelopes)).map((answer) => (answer.ok ? answer.value.from : undefined))
    return await verifyStore(kv, genesis, { ...options, recover })
  } finally {
    await pool.close()
  }
}
