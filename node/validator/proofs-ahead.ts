/**
 * Proofs are verified before consensus needs their verdicts: execution runs with the verdicts that are there, believes the
 * proofs that have none, and has those verified beside the event loop. If all of them are true, the run was exact.
 *
 *     run ──nothing believed──> exact
 *      │ believed
 *      └── verifyBlock ──all true──> exact
 *                         └─ one is false ──> run again, with what is known now
 *
 * It promises: what is kept comes from a run in which no proof was believed that is not true; nothing is verified on this thread
 * while the pool's threads live, but for blocks that are made to need more runs than are worth it, by gram they pay for.
 */
import type { Candidates } from '../../consensus/build.ts'
import type { ValidationRules } from '../../consensus/validate.ts'
import { QuernError } from '../../core/errors.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { isOfNode } from '../../vm/zk/errors.ts'
import type { ZkOperands } from '../../vm/zk/operands.ts'
import { MAX_RECORDED, type ProofVerifier, recordingVerifier } from '../../vm/zk/verify.ts'
import type { AheadVerdict, ProofPool } from '../zk/proof-pool.ts'

export type ProofsAhead = Pick<ProofPool, 'known' | 'verify' | 'verifyBlock'>

/** The same rules with another verifier, where there is one. */
export const rulesWith = <Rules extends ExecutionRules>(rules: Rules, proofs: ProofVerifier): Rules =>
  rules.vprogs === undefined ? rules : { ...rules, vprogs: { ...rules.vprogs, proofs } }

/** Whether a run that believed these was exact. */
export const allTrue = (verdicts: readonly AheadVerdict[]): boolean =>
  verdicts.length < MAX_RECORDED && verdicts.every(({ ok }) => ok)

/**
 * Runs that may come to nothing. The first one learns nearly all there is; another is needed where proofs are false, or new to
 * a leader, and one more where others are asked for then.
 */
const MAX_RUNS = 3

/** A run that is not over when `verifyBlock` answers: the parent may be another by then. */
export interface BlockRun<T> {
  /** Undefined: there is nothing to run on any more. */
  begin(rules: ValidationRules): T | undefined
  /** Whether what `begin` gave still stands. Awaits whatever must not happen in between. */
  isCurrent(value: T): Promise<boolean>
}

/**
 * @param height of the block, for the error
 * @returns undefined when there is nothing to run on any more, or the node is closing
 * @throws QuernError `ZK_CIRCUIT_MISSING` where this node cannot execute the block
 */
export async function runBlock<T>(
  height: number,
  rules: ValidationRules,
  ahead: ProofsAhead,
  { begin, isCurrent }: BlockRun<T>,
): Promise<T | undefined> {
  for (let runs = 0; runs < MAX_RUNS; runs++) {
    const believed: ZkOperands[] = []
    const value = begin(
      rulesWith(
        rules,
        recordingVerifier(believed, (operands) => ahead.known(operands)),
      ),
    )
    if (value === undefined || believed.length === 0) return value
    const verdicts = await ahead.verifyBlock(believed)
    for (const verdict of verdicts) {
      if (verdict.ok) continue
      const { code, message } = verdict.error
      if (code === 'ZK_CLOSED') return undefined
      if (isOfNode(code)) throw new QuernError(code, `block ${height} cannot be executed: ${message}`, { height })
    }
    if ((await isCurrent(value)) && allTrue(verdicts)) return value
  }
  return begin(rules)
}

/**
 * A leader does not wait for proofs: transactions that ask for one whose verdict is not known here are left out, and have it
 * verified for a later block.
 * @param offer all candidates, from the first one on
 * @throws QuernError `ZK_CIRCUIT_MISSING` rather than build on what this node cannot verify
 */
export function buildFromKnown<T>(
  rules: ValidationRules,
  ahead: ProofsAhead,
  offer: () => Candidates,
  build: (candidates: Candidates, rules: ValidationRules) => T,
): T {
  const unready = new Set<Transaction>()
  for (let runs = 0; runs < MAX_RUNS; runs++) {
    const believed: ZkOperands[] = []
    const candidates = leavingOut(offer(), unready)
    const known = (operands: ZkOperands) => {
      const verdict = ahead.known(operands)
      if (verdict === undefined && candidates.last !== undefined) unready.add(candidates.last)
      return verdict
    }
    const built = build(candidates, rulesWith(rules, recordingVerifier(believed, known)))
    if (believed.length === 0) return built
    // Without an answer they are unknown to the next leader's turn as well.
    ahead.verify(believed).catch(() => {})
  }
  return build(leavingOut(offer(), unready), rules)
}

function leavingOut(
  all: Candidates,
  isOut: ReadonlySet<Transaction>,
): Candidates & { readonly last: Transaction | undefined } {
  let last: Transaction | undefined
  return {
    get last() {
      return last
    },
    next: () => {
      for (last = all.next(); last !== undefined && isOut.has(last); last = all.next()) all.skipSender()
      return last
    },
    skipSender: () => all.skipSender(),
  }
}
