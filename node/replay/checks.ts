/**
 * What can be checked of a block without executing it, and therefore on any thread: senders of its transactions, and
 * signatures under its header and certificates. Costs all but a few percent of a replay.
 */
import type { BlsScheme, SignatureCheck } from '../../core/bls.ts'
import { bls } from '../../core/bls.ts'
import { recoverPacked } from '../ingest/packed.ts'

export type Job =
  | { readonly type: 'senders'; readonly packed: Uint8Array }
  | { readonly type: 'signatures'; readonly checks: readonly SignatureCheck[] }

/** Packed senders (ingest/packed.ts), or one byte for each check: 1 where it holds. */
export function runJob(job: Job): Uint8Array {
  if (job.type === 'senders') return recoverPacked(job.packed)
  if (bls.verifyBatch(job.checks)) return new Uint8Array(job.checks.length).fill(1)
  return Uint8Array.from(job.checks, ({ publicKeys, message, signature }) =>
    bls.verifyAggregate(publicKeys, message, signature) ? 1 : 0,
  )
}

/** A scheme that believes every signature for now, and keeps what has to be checked. For headers alone: execution needs answers. */
export function deferring(checks: SignatureCheck[]): BlsScheme {
  const later = (check: SignatureCheck): boolean => {
    checks.push(check)
    return true
  }
  return {
    ...bls,
    verify: (publicKey, message, signature) => later({ publicKeys: [publicKey], message, signature }),
    verifyAggregate: (publicKeys, message, signature) => later({ publicKeys, message, signature }),
  }
}
