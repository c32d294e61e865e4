/**
 * OpZkPrecompile's verifier: proofs that L1 checks instead of running the program (KIP-16, PROTOCOL 8).
 *
 *     tag ── tagUnits ──> operands ── operandUnits ──> verdict, from the cache or from the proof system
 *
 * It promises: a verdict is a function of the operands, the circuit's table and the development key alone, the same on every
 * engine; what fails is a typed error, whatever the bytes; no operand costs more than its gram paid for. Verification is
 * synchronous, so consensus can ask for it; a node asks ahead, in threads, and leaves the verdicts in the cache.
 */
import { hexKey } from '../../core/bytes.ts'
import { fail, ok, QuernError } from '../../core/errors.ts'
import { verifyDevelopment } from './development.ts'
import { isOfNode, verdictOf, type ZkVerdict } from './errors.ts'
import { type Groth16Verifier, groth16Verifier } from './groth16/groth16.ts'
import { nobleCurve } from './groth16/noble-curve.ts'
import { operandsHash, ZK_TAG, type ZkOperands } from './operands.ts'
import { RecentMap } from './recent.ts'
import type { VerifySuccinct } from './risc0/receipt.ts'

/** Verdicts by `operandsHash`, of one chain and one circuit. */
export interface ProofCache {
  get(hash: Uint8Array): ZkVerdict | undefined
  set(hash: Uint8Array, verdict: ZkVerdict): void
}

/** A block's gram pays for three proofs: these are those of a thousand blocks, in under 1 MiB. */
const MAX_VERDICTS = 4_096

export function proofCache(limit = MAX_VERDICTS): ProofCache {
  const verdicts = new RecentMap<ZkVerdict>(limit)
  return {
    get: (hash) => verdicts.get(hexKey(hash)),
    set: (hash, verdict) => {
      if (verdict.ok || !isOfNode(verdict.error.code)) verdicts.set(hexKey(hash), verdict)
    },
  }
}

export interface ProofVerifier {
  verify(operands: ZkOperands): ZkVerdict
  /** Equal verdicts; Groth16 proofs of one key are checked together. */
  verifyAll(operands: readonly ZkOperands[]): ZkVerdict[]
}

export interface ProofSystems {
  /** Default: noble's curve. */
  readonly groth16?: Groth16Verifier
  /** Absent: tag 0x21 is refused with `ZK_CIRCUIT_MISSING`. */
  readonly succinct?: VerifySuccinct
  /** The chain's development key, an x coordinate; absent: tag 0xdf is refused with `ZK_TAG_FORBIDDEN`. */
  readonly developmentKey?: Uint8Array
}

const CIRCUIT_MISSING = fail(
  'ZK_CIRCUIT_MISSING',
  'this node has no recursion circuit, so it checks no RISC Zero receipts: install the table and set zk.risc0_circuit',
)
const TAG_FORBIDDEN = fail('ZK_TAG_FORBIDDEN', 'tag 0xdf is for development networks: settle with a proof')

/** The proof systems, without memory. */
export function proofVerifier(systems: ProofSystems = {}): ProofVerifier {
  const { succinct, developmentKey, groth16 = groth16Verifier(nobleCurve) } = systems

  const verify = (operands: ZkOperands): ZkVerdict => {
    switch (operands.tag) {
      case ZK_TAG.groth16:
        return groth16.verify(operands)
      case ZK_TAG.succinct:
        return succinct === undefined ? CIRCUIT_MISSING : verdictOf(() => succinct(operands))
      case ZK_TAG.development:
        return developmentKey === undefined
          ? TAG_FORBIDDEN
          : verdictOf(() => verifyDevelopment(operands, developmentKey))
    }
  }

  return {
    verify,
    verifyAll: (operands) => {
      const together = groth16.verifyBatch(operands.filter((one) => one.tag === ZK_TAG.groth16))
      return operands.map((one) => (one.tag === ZK_TAG.groth16 ? together.shift()! : verify(one)))
    },
  }
}

/** Remembers verdicts, and asks `verifier` for those it does not know. */
export function cachedVerifier(verifier: ProofVerifier, cache: ProofCache): ProofVerifier {
  return {
    verify: (operands) => {
      const hash = operandsHash(operands)
      const known = cache.get(hash)
      if (known !== undefined) return known
      const verdict = verifier.verify(operands)
      cache.set(hash, verdict)
      return verdict
    },
    verifyAll: (operands) => {
      const hashes = operands.map(operandsHash)
      const known = hashes.map((hash) => cache.get(hash))
      const fresh = verifier.verifyAll(operands.filter((_, i) => known[i] === undefined))
      return known.map((verdict, i) => {
        if (verdict !== undefined) return verdict
        const found = fresh.shift()!
        cache.set(hashes[i]!, found)
        return found
      })
    },
  }
}

/**
 * For execution: what this node cannot decide must not become a failed transaction, or its state would part from the others'.
 * @throws QuernError `ZK_CIRCUIT_MISSING`, out of `verify` and `verifyAll`
 */
export function strictVerifier(verifier: ProofVerifier): ProofVerifier {
  const decided = (verdict: ZkVerdict): ZkVerdict => {
    if (verdict.ok || !isOfNode(verdict.error.code)) return verdict
    throw new QuernError(verdict.error.code, verdict.error.message)
  }
  return {
    verify: (operands) => decided(verifier.verify(operands)),
    verifyAll: (operands) => verifier.verifyAll(operands).map(decided),
  }
}

/** Operands that one run leaves behind: a block's gram pays for 500 of the cheapest proofs. */
export const MAX_RECORDED = 512

/**
 * Answers what `known` knows, believes every other proof and keeps its operands: a dry run finds what to verify ahead. Once
 * these are found true the run was exact, unless `MAX_RECORDED` is reached.
 */
export function recordingVerifier(
  recorded: ZkOperands[],
  known: (operands: ZkOperands) => ZkVerdict | undefined = () => undefined,
): ProofVerifier {
  const verify = (operands: ZkOperands): ZkVerdict => {
    const verdict = known(operands)
    if (verdict !== undefined) return verdict
    if (recorded.length < MAX_RECORDED) recorded.push(operands)
    return ok(true)
  }
  return { verify, verifyAll: (operands) => operands.map(verify) }
}
