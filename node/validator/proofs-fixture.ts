/** For tests: a chain whose outputs are unlocked by proofs, and threads that count what they are asked and answer when told. */
import { buildBlock, type Candidates } from '../../consensus/build.ts'
import { FAST_PARAMS, TestChain } from '../../consensus/testing/chain.ts'
import type { AppliedBlock, ValidationRules } from '../../consensus/validate.ts'
import { revealBytes } from '../../consensus/vote.ts'
import { EMPTY_BYTES, toHex } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import type { Outpoint } from '../../vm/kip/types.ts'
import { scriptOf } from '../../vm/script/assembly.ts'
import { FINAL_SEQUENCE } from '../../vm/script/limits.ts'
import { OP } from '../../vm/script/opcodes.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { developmentKeyOf, signDevelopment } from '../../vm/zk/development.ts'
import { ZK_TAG } from '../../vm/zk/operands.ts'
import { type ProofVerifier, proofCache, proofVerifier } from '../../vm/zk/verify.ts'
import { ProofPool } from '../zk/proof-pool.ts'
import type { ProofThread } from '../zk/proof-thread.ts'

export const PROOF_SECRET = new Uint8Array(32).fill(3)
const IMAGE = new Uint8Array(32).fill(1)

/** Taken from the stack, whatever they are. */
export const ANY_PROOF = scriptOf(OP.OpZkPrecompile)

/** Unlocks `ANY_PROOF`: a proof about journal number `journal`. */
export function proofScript(journal: number, isTrue = true): Uint8Array {
  const digest = new Uint8Array(32).fill(journal, 28)
  const signature = signDevelopment(IMAGE, digest, isTrue ? PROOF_SECRET : IMAGE)
  return scriptOf(signature, digest, IMAGE, Uint8Array.of(ZK_TAG.development))
}

/** Unlocks `ANY_PROOF` where there is a circuit. */
export const RECEIPT_SCRIPT = scriptOf(...Array<Uint8Array>(8).fill(IMAGE), Uint8Array.of(ZK_TAG.succinct))

export const PROOF_PARAMS = { ...FAST_PARAMS, devProofKey: toHex(developmentKeyOf(PROOF_SECRET)) }

/** Decides, and nothing more. */
export const plainVerifier: ProofVerifier = proofVerifier({ developmentKey: developmentKeyOf(PROOF_SECRET) })

/** Whoever asks it has failed. */
export const unaskedVerifier: ProofVerifier = {
  verify: () => {
    throw new Error('verified inline')
  },
  verifyAll: () => {
    throw new Error('verified inline')
  },
}

/** Gram that a spend may use. */
const GRAM = 400_000

export class ProofChain extends TestChain {
  constructor(proofs: ProofVerifier = plainVerifier) {
    super(4, PROOF_PARAMS, standInScheme())
    Object.assign(this, { rules: { ...this.rules, vprogs: { fromHeight: 0, proofs } } })
  }

  /** Makes `count` outputs of one grain under a script. */
  lock(sender: number, count: number, script = ANY_PROOF): { readonly transaction: Transaction; at: Outpoint[] } {
    const outputs = Array.from({ length: count }, () => ({ value: 1n, spk: { version: 0, script } }))
    const transaction = this.transaction(sender, { kind: 'COVENANT', ...body({ outputs }) })
    return { transaction, at: Array.from({ length: count }, (_, index) => outpointOf(transaction, index)) }
  }

  /** Spends outputs under a script, into one under the same. */
  spend(
    sender: number,
    at: readonly Outpoint[],
    scripts: readonly Uint8Array[],
    nonce?: number,
    gram = GRAM,
  ): Transaction {
    const inputs = at.map((outpoint, i) => ({
      outpoint,
      sequence: FINAL_SEQUENCE,
      signatureScript: scripts[i] ?? EMPTY_BYTES,
    }))
    const outputs = [{ value: 1n, spk: { version: 0, script: ANY_PROOF } }]
    return this.transaction(sender, { kind: 'COVENANT', ...body({ inputs, outputs }) }, nonce, gram)
  }

  /** As `build`, from any candidates and by other rules. */
  buildFrom(candidates: Candidates, rules: ValidationRules): AppliedBlock {
    const { header } = this.parent.block
    const view = header.height === 0 ? 0 : header.view + 1
    const leader = this.leader(view)
    const reveal = revealBytes(rules.genesisHash, header.epoch, view)
    return buildBlock(
      {
        ...{ parent: this.parent, parentCertificate: this.certificate, view, timestampMs: 0, candidates },
        proposer: leader.owner,
        randomnessReveal: rules.bls.sign(leader.blsSecretKey, reveal),
      },
      rules,
    )
  }
}

const body = (over: Partial<CovenantBody>): CovenantBody => ({
  laneId: undefined,
  payload: EMPTY_BYTES,
  lockTime: 0n,
  inputs: [],
  outputs: [],
  ...over,
})

export function outpointOf({ action, from, nonce }: Transaction, index = 0): Outpoint {
  if (action.kind !== 'COVENANT') throw new Error('makes no outputs')
  return { txId: transactionId(kipTransaction(action, from, nonce)), index }
}

/** Counts, and holds its answers back while `isHeld`. */
export class CountingThread implements ProofThread {
  readonly #verifier: ProofVerifier
  #release: (() => void)[] = []
  isHeld = false
  verified = 0

  constructor(verifier: ProofVerifier = plainVerifier) {
    this.#verifier = verifier
  }

  async verifyAll(operands: Parameters<ProofThread['verifyAll']>[0]): ReturnType<ProofThread['verifyAll']> {
    this.verified += operands.length
    if (this.isHeld) await new Promise<void>((resolve) => this.#release.push(resolve))
    return this.#verifier.verifyAll(operands)
  }

  release(): void {
    this.isHeld = false
    for (const release of this.#release.splice(0)) release()
  }

  async stop(): Promise<void> {}
}

export const countingPool = (thread: ProofThread, maxWaiting?: number): ProofPool =>
  new ProofPool({
    cache: proofCache(),
    verifier: unaskedVerifier,
    threads: [thread],
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  })
