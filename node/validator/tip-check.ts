/**
 * What the state after the tip says about transactions, for the mempool. Scripts run with the verdicts that are there and
 * believe the other proofs; these are verified beside the event loop, before the mempool asks (`prepare`), or for a transaction
 * that waited for an earlier one, after a new tip has made it ready (`recheck`).
 */
import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import { EMPTY_BYTES } from '../../core/bytes.ts'
import type { Failure } from '../../core/errors.ts'
import { outputs } from '../../vm/covenant/tables.ts'
import { checkTransaction, TransactionCheck } from '../../vm/execution/check.ts'
import { BlockRoom, hasScripts } from '../../vm/execution/limits.ts'
import type { ActionErrorCode, BlockContext, ExecutionRules, RefusalCode } from '../../vm/execution/types.ts'
import { epochOf } from '../../vm/params.ts'
import { readRecord } from '../../vm/state/view.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { isOfNode, type ZkErrorCode } from '../../vm/zk/errors.ts'
import type { ZkOperands } from '../../vm/zk/operands.ts'
import { recordingVerifier } from '../../vm/zk/verify.ts'
import type { AheadVerdict } from '../zk/proof-pool.ts'
import type { ChainEntry } from './entry.ts'
import { allTrue, type ProofsAhead, rulesWith } from './proofs-ahead.ts'

type Finding = Failure<RefusalCode | ActionErrorCode> | undefined

/** Nothing was found out about the transaction: this node is too busy, closing, or has no circuit. */
export type UnverifiedCode = 'ZK_OVERLOADED' | 'ZK_CLOSED' | 'ZK_CIRCUIT_MISSING'

const ofNode = (verdicts: readonly AheadVerdict[]): Failure<UnverifiedCode> | undefined => {
  for (const verdict of verdicts) {
    if (verdict.ok) continue
    const { code } = verdict.error
    if (code === 'ZK_OVERLOADED' || code === 'ZK_CLOSED' || isOfNode(code)) {
      return verdict.error as Failure<UnverifiedCode>
    }
  }
  return undefined
}

export interface TipCheckModules {
  readonly tree: BlockTree<ChainEntry>
  readonly rules: ExecutionRules
  readonly proofs: ProofsAhead
}

/** The state of one tip, and what is left of the work that waiting transactions may cause over it. */
interface AtTip {
  readonly tip: ChainEntry
  readonly check: TransactionCheck
  /** Gram that scripts of waiting transactions may still use: in all, what a block's may. */
  gramLeft: number
}

export class TipCheck {
  readonly #modules: TipCheckModules
  readonly #room: BlockRoom
  #current: AtTip | undefined
  /** Of scripts, from `prepare` until the mempool asks. */
  readonly #findings = new WeakMap<Transaction, { readonly tip: ChainEntry; readonly finding: Finding }>()
  /** Their scripts have passed, every proof of theirs verified: another tip can only have spent what they spend. */
  readonly #passed = new WeakSet<Transaction>()

  constructor(modules: TipCheckModules) {
    this.#modules = modules
    this.#room = new BlockRoom(modules.rules.params)
  }

  /** `MempoolModules.check`. Verifies no proof: of scripts it says what is known, after `prepare` all there is. */
  check(transaction: Transaction): Finding {
    if (!hasScripts(transaction.action)) return this.#atTip().check.check(transaction)
    const known = this.#findings.get(transaction)
    return known?.tip === this.#modules.tree.tip ? known.finding : this.#run(transaction).finding
  }

  /** `MempoolModules.recheck`. */
  recheck(transaction: Transaction): Finding {
    const current = this.#atTip()
    const { action } = transaction
    // Where something is missing no script runs.
    if (!hasScripts(action) || this.#lacksInput(transaction)) return current.check.check(transaction)
    // By its bytes too: opcodes that make nothing cost no gram, and a thousand of them take what two gram of others do.
    const gram = this.#room.gramLimitOf(transaction) + transaction.raw.length
    if (this.#passed.has(transaction) || gram > current.gramLeft) return undefined
    current.gramLeft -= gram
    const { finding, believed } = this.#run(transaction)
    // Without an answer it is asked about again at the next tip.
    if (finding === undefined) this.#verify(transaction, believed).catch(() => {})
    return finding
  }

  /** Of one with scripts: verifies what they ask for, so that `check` knows. @returns why this node cannot say */
  async prepare(transaction: Transaction): Promise<Failure<UnverifiedCode> | undefined> {
    const { tip } = this.#modules.tree
    const { finding, believed } = this.#run(transaction)
    // What fails although all proofs are believed fails whatever they are.
    if (finding !== undefined) {
      this.#findings.set(transaction, { tip, finding })
      return undefined
    }
    const verdicts = await this.#verify(transaction, believed)
    if (allTrue(verdicts)) this.#findings.set(transaction, { tip, finding })
    return ofNode(verdicts)
  }

  async #verify(transaction: Transaction, believed: readonly ZkOperands[]): Promise<readonly AheadVerdict[]> {
    const isWhole = !this.#lacksInput(transaction)
    const verdicts = believed.length === 0 ? [] : await this.#modules.proofs.verify(believed)
    if (isWhole && allTrue(verdicts)) this.#passed.add(transaction)
    return verdicts
  }

  /** Its scripts over the state of the tip. `meta.proof` of a finding says which verdict on a proof it comes from. */
  #run(transaction: Transaction): { readonly finding: Finding; readonly believed: readonly ZkOperands[] } {
    const { tree, rules, proofs } = this.#modules
    const believed: ZkOperands[] = []
    let refused: ZkErrorCode | undefined
    const known = (operands: ZkOperands) => {
      const verdict = proofs.known(operands)
      if (verdict?.ok === false) refused = verdict.error.code
      return verdict
    }
    const asking = rulesWith(rules, recordingVerifier(believed, known))
    const finding = checkTransaction(tree.tip.state, nextContext(tree.tip, rules), asking, transaction)
    if (finding === undefined || refused === undefined) return { finding, believed }
    return { finding: { ...finding, meta: { ...finding.meta, proof: refused } }, believed }
  }

  /** What it spends is spent, or not made yet. */
  #lacksInput({ action }: Transaction): boolean {
    const { state } = this.#modules.tree.tip
    return (
      hasScripts(action) && action.inputs.some(({ outpoint }) => readRecord(state, outputs, outpoint) === undefined)
    )
  }

  #atTip(): AtTip {
    const { tree, rules } = this.#modules
    const { tip } = tree
    if (this.#current?.tip !== tip) {
      const check = new TransactionCheck(tip.state, nextContext(tip, rules), rules)
      this.#current = { tip, check, gramLeft: rules.params.gramLimit }
    }
    return this.#current
  }
}

/** What the next block would be, as far as a check needs to know. */
function nextContext({ block }: ChainEntry, { params }: ExecutionRules): BlockContext {
  const { height, epoch, view, timestampMs, proposer, seqCommit } = block.header
  const next = height + 1
  return {
    height: next,
    epoch: epochOf(next, params),
    view: view + 1,
    timestampMs: timestampMs + params.blockIntervalMs,
    proposer,
    randomnessReveal: EMPTY_BYTES,
    baseFeePerGas: params.baseFeeFloorWei,
    parent: { hash: block.hash, height, epoch, view, timestampMs, proposer, seqCommit },
    parentSigners: [],
  }
}
