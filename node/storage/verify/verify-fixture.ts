/** The check, for tests that run it again and again over stores that differ in little. */
import { type BlsScheme, bls } from '../../../core/bls.ts'
import { hexKey } from '../../../core/bytes.ts'
import type { KvStore } from '../../../core/kv.ts'
import type { Genesis } from '../../../vm/genesis.ts'
import { decodeOptions, decodeTransaction } from '../../../vm/transaction/envelope.ts'
import { type VerifyReport, verifyStore } from './verify.ts'

// Signatures are what costs time, and nearly all of them are the same in every run.
const remembered = new Map<string, unknown>()

function remember<T>(parts: readonly Uint8Array[], work: () => T): T {
  const id = parts.map(hexKey).join()
  if (!remembered.has(id)) remembered.set(id, work())
  return remembered.get(id) as T
}

const scheme: BlsScheme = {
  ...bls,
  verify: (key, message, signature) => remember([key, message, signature], () => bls.verify(key, message, signature)),
  verifyAggregate: (keys, message, signature) =>
    remember([...keys, message, signature], () => bls.verifyAggregate(keys, message, signature)),
}

export const cachedVerify = (kv: KvStore, genesis: Genesis): Promise<VerifyReport> =>
  verifyStore(kv, genesis, {
    scheme,
    recover: async (envelopes) =>
      envelopes.map((raw) => {
        try {
          const options = decodeOptions(genesis.params)
          return remember([raw], () => decodeTransaction(raw, genesis.params.chainId, options).from)
        } catch {
          return undefined
        }
      }),
  })
