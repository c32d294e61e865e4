/**
 * Makes the blocks of the views this validator leads: waits one block interval after the parent for transactions, then
 * takes the best that fit. A devnet may lift the wait and name the next timestamp.
 */

import { type Candidates, fillBlock } from '../../consensus/build.ts'
import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import type { Output } from '../../consensus/simplex/types.ts'
import type { Block, Certificate } from '../../consensus/types.ts'
import type { ValidationRules } from '../../consensus/validate.ts'
import { revealBytes } from '../../consensus/vote.ts'
import type { BlsScheme } from '../../core/bls.ts'
import type { Address, Hash } from '../../core/bytes.ts'
import { nextBaseFee } from '../../vm/fees.ts'
import { epochOf } from '../../vm/params.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import type { Clock } from '../clock.ts'
import type { BlockGround } from './accountability.ts'
import type { CommitGate } from './commit-gate.ts'
import { type ChainEntry, entryOf } from './entry.ts'
import { evidenceFirst } from './evidence-first.ts'
import { buildFromKnown, type ProofsAhead } from './proofs-ahead.ts'

export interface ValidatorKey {
  /** The account that owns the validator. */
  readonly owner: Address
  readonly blsSecretKey: Uint8Array
}

export interface ProposerModules {
  readonly key: ValidatorKey
  readonly bls: BlsScheme
  readonly clock: Clock
  readonly tree: BlockTree<ChainEntry>
  readonly gate: CommitGate
  readonly rules: ValidationRules
  readonly proofs: ProofsAhead
  candidates(baseFeePerGas: bigint): Candidates
  /** Goes into the block before any candidate. */
  evidence(ground: BlockGround): readonly Transaction[]
  /** The notarization with the most signers known now: they are paid by the block that carries it. */
  widestNotarization(parent: Hash): Certificate | undefined
}

type BuildRequest = Extract<Output, { readonly type: 'build' }>

export class Proposer {
  readonly #modules: ProposerModules
  #isLifted = false
  #isStopped = false
  #nextTimestampMs: number | undefined
  /** Leaders' waits in progress: called, they end at once. */
  readonly #waits = new Set<() => void>()

  constructor(modules: ProposerModules) {
    this.#modules = modules
  }

  /** While lifted, a leader does not wait. The clock moves ahead instead, so that timestamps stay one interval apart. */
  setLifted(isLifted: boolean): void {
    this.#isLifted = isLifted
    if (isLifted) this.#endWaits()
  }

  /** The next block is dated so; undefined for the clock again. A date before the earliest valid one has no effect. */
  setNextTimestamp(timestampMs: number | undefined): void {
    this.#nextTimestampMs = timestampMs
    this.#endWaits()
  }

  /** A block has been dated: later ones go by the clock again. */
  sawTip(timestampMs: number): void {
    if (this.#nextTimestampMs !== undefined && timestampMs >= this.#nextTimestampMs) this.#nextTimestampMs = undefined
  }

  /** Undefined when the parent was abandoned meanwhile, or the tree has no room. */
  async build(request: BuildRequest): Promise<Block | undefined> {
    const { key, bls, clock, tree, gate, rules } = this.#modules
    const above = tree.get(request.parentHash)?.block.header
    if (above === undefined) return undefined
    const earliestMs = above.timestampMs + rules.params.blockIntervalMs
    await this.#wait(earliestMs)
    while (gate.busy !== undefined) await gate.busy
    const parent = tree.get(request.parentHash)
    if (parent === undefined || this.#isStopped) return undefined
    const baseFeePerGas = nextBaseFee(above, rules.params.baseFeeFloorWei)
    const epoch = epochOf(above.height + 1, rules.params)
    const evidence = this.#modules.evidence({ state: parent.state, epoch, baseFeePerGas })
    const fields = {
      parent,
      parentCertificate: this.#modules.widestNotarization(request.parentHash) ?? request.parentCertificate,
      view: request.view,
      timestampMs: this.#nextTimestampMs ?? clock.nowMs(),
      proposer: key.owner,
      randomnessReveal: bls.sign(key.blsSecretKey, revealBytes(rules.genesisHash, request.epoch, request.view)),
    }
    const offer = () => evidenceFirst(evidence, this.#modules.candidates(baseFeePerGas))
    const seal = buildFromKnown(rules, this.#modules.proofs, offer, (candidates, asking) =>
      fillBlock({ ...fields, candidates }, asking),
    )
    // A full block takes a tenth of a second: what waits on the event loop gets a turn in the middle of it.
    await this.#pause(0)
    while (gate.busy !== undefined) await gate.busy
    if (tree.get(request.parentHash) !== parent || this.#isStopped) return undefined
    const applied = seal()
    // Its execution is kept: the leader votes on it without executing it again.
    return tree.add(entryOf(applied)) ? applied.block : undefined
  }

  async #wait(earliestMs: number): Promise<void> {
    const { clock } = this.#modules
    const isHurried = this.#isLifted || this.#nextTimestampMs !== undefined
    // Without any wait still a turn of the event loop: a chain of one validator would let nobody else run.
    const leftMs = isHurried ? 0 : Math.max(0, earliestMs - clock.nowMs())
    await this.#pause(leftMs)
    const dueMs = Math.max(earliestMs, this.#nextTimestampMs ?? 0)
    const isAhead = this.#isLifted || this.#nextTimestampMs !== undefined
    if (isAhead && dueMs > clock.nowMs()) clock.advance(dueMs - clock.nowMs())
  }

  /** By the clock, as everything here: a simulation decides when a turn of its event loop is over. */
  #pause(delayMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const end = (): void => {
        this.#waits.delete(end)
        cancel()
        resolve()
      }
      const cancel = this.#modules.clock.after(delayMs, end)
      this.#waits.add(end)
    })
  }

  /** Leaders' waits end without a block. */
  stop(): void {
    this.#isStopped = true
    this.#endWaits()
  }

  #endWaits(): void {
    for (const end of [...this.#waits]) end()
  }
}
