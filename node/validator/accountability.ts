/**
 * Equivocation, from the moment it is seen to its punishment (PROTOCOL 5, Accountability):
 *
 *     our engine ──observed──┐                        ┌── to peers, once
 *                            ├──> pool, on the disk ──┤
 *     peers ─────received────┘    verified            └── SUBMIT_EVIDENCE, first in the next block we lead
 *
 * Evidence stays until final state shows the validator punished, or it is too old to count. Nobody reports itself.
 */
import type { Evidence } from '../../consensus/simplex/types.ts'
import { type Address, equalBytes } from '../../core/bytes.ts'
import type { Verdict } from '../../p2p/transport.ts'
import { MAX_EVIDENCE_PER_BLOCK } from '../../vm/execution/limits.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import { GAS } from '../../vm/gas.ts'
import { accusedMember, proofFailure } from '../../vm/kinds/submit-evidence.ts'
import { accounts, epochSets } from '../../vm/state/tables.ts'
import { readRecord, type StateReader, StateView } from '../../vm/state/view.ts'
import { decodeTransaction } from '../../vm/transaction/envelope.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import type { EvidencePool } from './evidence-pool.ts'

/** The account that pays for the evidence this node puts into its blocks. */
export interface Reporter {
  readonly address: Address
  readonly privateKey: Uint8Array
}

export interface AccountabilityModules {
  readonly pool: EvidencePool
  readonly rules: ExecutionRules
  readonly reporter?: Reporter
  /** Owner of the validator that runs here. */
  readonly self?: Address
  /** After the newest final block. */
  finalState(): StateReader
  /** Of the block after it. */
  epoch(): number
  /** To every peer. */
  spread(evidence: Evidence): void
}

/** What a block to be built stands on. */
export interface BlockGround {
  readonly state: StateReader
  /** Of the block, not of its parent. */
  readonly epoch: number
  readonly baseFeePerGas: bigint
}

export class Accountability {
  readonly #modules: AccountabilityModules

  constructor(modules: AccountabilityModules) {
    this.#modules = modules
  }

  /** Seen and verified by our own engine. On the disk, and on its way to peers, when this resolves. */
  async observed(evidence: Evidence): Promise<void> {
    const { pool, spread } = this.#modules
    if (this.#isAboutUs(evidence) || !pool.hasRoomFor(evidence.validator) || !this.#isPunishable(evidence)) return
    await pool.add(evidence)
    spread(evidence)
  }

  /**
   * Ignore: known, punished, too old, about an epoch that we do not know yet. Reject: an accuser can check the rest. At most two
   * signature checks. What is accepted is for `keep`.
   */
  judge(evidence: Evidence): Verdict {
    const { pool, rules, finalState, epoch } = this.#modules
    if (!pool.hasRoomFor(evidence.validator)) return 'ignore'
    const state = new StateView(finalState())
    const isTooOld = evidence.epoch + rules.params.unbondingEpochs < epoch()
    // Without the set nothing can be said: our peer may be an epoch ahead.
    if (isTooOld || state.get(epochSets, evidence.epoch) === undefined) return 'ignore'
    const accused = accusedMember(evidence, state, epoch(), rules.params)
    if (!accused.ok) return accused.error.code === 'EVIDENCE_NOT_IN_SET' ? { reject: 'EVIDENCE_NOT_IN_SET' } : 'ignore'
    const failure = proofFailure(evidence, accused.value, rules)
    return failure === undefined ? 'accept' : { reject: failure.code }
  }

  /** Takes what `judge` accepted. Gossip spreads it; on the disk when this resolves. */
  keep(evidence: Evidence): Promise<void> {
    return this.#modules.pool.add(evidence)
  }

  /** Final state moved on: lets go of what has been punished, or cannot be any more. */
  settle(): Promise<void> {
    const { pool } = this.#modules
    return pool.drop((evidence) => !this.#isPunishable(evidence))
  }

  /** For the head of a block of ours: what is not punished on its branch yet, as far as the reporter can pay. */
  transactions({ state, epoch, baseFeePerGas }: BlockGround): readonly Transaction[] {
    const { pool, reporter, rules } = this.#modules
    if (reporter === undefined || pool.size === 0) return []
    const { chainId } = rules.params
    const { nonce, balance } = readRecord(state, accounts, reporter.address) ?? { nonce: 0, balance: 0n }
    const costWei = BigInt(GAS.SUBMIT_EVIDENCE) * baseFeePerGas
    const affordable = costWei === 0n ? MAX_EVIDENCE_PER_BLOCK : Number(balance / costWei)
    const view = new StateView(state)
    const useful = pool
      .all()
      .filter((evidence) => !this.#isAboutUs(evidence) && accusedMember(evidence, view, epoch, rules.params).ok)
      .slice(0, Math.min(MAX_EVIDENCE_PER_BLOCK, affordable))
    return useful.map((evidence, i) => {
      const fields = { chainId, nonce: nonce + i, maxPriorityFeePerGas: 0n, maxFeePerGas: baseFeePerGas }
      const action = { kind: 'SUBMIT_EVIDENCE', ...evidence } as const
      return decodeTransaction(signNative({ ...fields, action }, reporter.privateKey), chainId)
    })
  }

  #isAboutUs({ validator }: Evidence): boolean {
    const { self } = this.#modules
    return self !== undefined && equalBytes(validator, self)
  }

  #isPunishable(evidence: Evidence): boolean {
    const { finalState, epoch, rules } = this.#modules
    return accusedMember(evidence, new StateView(finalState()), epoch(), rules.params).ok
  }
}
