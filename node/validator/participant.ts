/**
 * One node's part in consensus: runs the engine over this node's disk, clock, peers and execution, and turns its decisions
 * into blocks of the store. With a key it validates; without one it follows the same chain the same way.
 */

import { MAX_OPEN_BLOCKS, type TipChange } from '../../consensus/chain/block-tree.ts'
import { epochSetup } from '../../consensus/context.ts'
import { Simplex } from '../../consensus/simplex/engine.ts'
import { PROPOSAL_VIEWS_BEHIND } from '../../consensus/simplex/limits.ts'
import type { EpochContext, Evidence, Output } from '../../consensus/simplex/types.ts'
import type { Block, Certificate, Message } from '../../consensus/types.ts'
import type { ValidationRules } from '../../consensus/validate.ts'
import { signerOf } from '../../consensus/vote.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { Origin, PeerId, Transport, Verdict } from '../../p2p/transport.ts'
import { epochOf } from '../../vm/params.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { Clock } from '../clock.ts'
import { CatchUp, type Progress, type VerifiedRange } from '../sync/catch-up.ts'
import type { ProvenSignatures } from '../sync/proven-signatures.ts'
import { Accountability, type Reporter } from './accountability.ts'
import { EngineHost } from './engine-host.ts'
import type { ChainEntry } from './entry.ts'
import type { EvidencePool } from './evidence-pool.ts'
import type { Executor } from './executor.ts'
import { type CertificateRange, Fetcher } from './fetcher.ts'
import { type FinalWriterModules, writeFinal } from './final-writer.ts'
import { GossipCheck } from './gossip-check.ts'
import { MessageIntake } from './message-intake.ts'
import type { ProofsAhead } from './proofs-ahead.ts'
import { Proposer, type ProposerModules, type ValidatorKey } from './proposer.ts'
import { keyElsewhere, reservePlaces, type SigningProtection } from './signing-protection.ts'
import { SoundBodies } from './sound-bodies.ts'
import { VoteHold } from './vote-hold.ts'

/**
 * Open blocks above which those that the engine let go are let go as well. Finality does that within a few views; while it
 * fails, every view may bring a full block, each some megabytes once executed, and a tree full of them would take no more.
 */
const MAX_UNPRUNED_BLOCKS = 64

export interface ParticipantModules extends FinalWriterModules {
  readonly key?: ValidatorKey
  readonly protection?: SigningProtection
  readonly reporter?: Reporter
  readonly bls: BlsScheme
  /** What the executor validates by. */
  readonly proven: ProvenSignatures
  readonly clock: Clock
  readonly evidence: EvidencePool
  readonly executor: Executor
  readonly rules: ValidationRules
  readonly proofs: ProofsAhead
  readonly transport: Transport
  readonly candidates: ProposerModules['candidates']
  /** The tip moved; the tree already shows it. */
  tipMoved(change: TipChange<ChainEntry>): void
  /** Seen here, or by a peer and new here. Verified. */
  misbehaved(evidence: Evidence): void
  /** This node must not go on. */
  stopped(error: unknown): void
}

export class Participant {
  readonly proposer: Proposer | undefined
  readonly #modules: ParticipantModules
  readonly #engine: Simplex
  readonly #host: EngineHost
  readonly #intake: MessageIntake
  readonly #accountability: Accountability
  readonly #fetcher: Fetcher
  readonly #catchUp: CatchUp
  readonly #hold: VoteHold
  #tipCertificate: Certificate | undefined
  /** What runs beside the engine: building, executing, asking peers. */
  readonly #work = new Set<Promise<void>>()
  /** Whose set the transport was told. */
  #announcedEpoch = -1

  constructor(modules: ParticipantModules) {
    const { key, bls, clock, store, journal, tree, gate, executor, rules, transport } = modules
    const { params } = rules
    this.#modules = modules
    const head = store.head
    const soundBodies = new SoundBodies(tree)
    const { barredUpTo } = modules.protection ?? {}
    this.#engine = new Simplex({
      genesisHash: rules.genesisHash,
      epochBlocks: params.epochBlocks,
      blockIntervalMs: params.blockIntervalMs,
      networkDelayMs: params.networkDelayMs,
      scheme: bls,
      ...(key === undefined ? {} : { signer: signerOf(bls, key.blsSecretKey) }),
      ...(barredUpTo === undefined ? {} : { barredUpTo }),
      checkBody: (block) => soundBodies.has(block),
      head: {
        block: head,
        notarization: store.notarization(head.header.height),
        finalization: store.finalization(head.header.height),
      },
      context: this.#nextEpoch(),
      records: journal.records,
    })
    this.#accountability = new Accountability({
      pool: modules.evidence,
      rules,
      ...(modules.reporter === undefined ? {} : { reporter: modules.reporter }),
      ...(key === undefined ? {} : { self: key.owner }),
      finalState: () => store.state,
      epoch: () => epochOf(store.head.header.height + 1, params),
      spread: (evidence) => transport.broadcast({ type: 'evidence', evidence }),
    })
    this.#fetcher = new Fetcher({ transport, set: () => this.#engine.set })
    this.#hold = new VoteHold(clock, params.maxClockDriftMs)
    this.#host = new EngineHost(this.#engine, {
      clock,
      persist: async (records) => {
        await reservePlaces(modules.protection, records)
        await journal.append(records)
      },
      handle: (output) => this.#carryOut(output),
      failed: modules.stopped,
    })
    const { genesisHash } = rules
    this.#intake = new MessageIntake({
      gossip: new GossipCheck({
        engine: this.#engine,
        genesisHash,
        bls,
        isSoundBody: (block) => soundBodies.has(block),
      }),
      hold: this.#hold,
      tree,
      genesisHash,
      bls,
      push: (input) => this.#host.push(input),
    })
    this.#catchUp = new CatchUp({
      transport,
      executor,
      signatures: modules.proven,
      genesisHash,
      epochBlocks: params.epochBlocks,
      head: () => tree.final,
      commit: (range) => this.#commitRange(range),
    })
    if (key === undefined) return
    this.proposer = new Proposer({
      key,
      bls,
      clock,
      tree,
      gate,
      rules,
      proofs: modules.proofs,
      candidates: modules.candidates,
      evidence: (ground) => this.#accountability.transactions(ground),
      widestNotarization: (parent) => this.#engine.widestNotarization(parent),
    })
  }

  /** Where we are while behind our peers. */
  get progress(): Progress | undefined {
    return this.#catchUp.progress
  }

  /** Notarization of the tip, while the tip is not final. */
  get tipCertificate(): Certificate | undefined {
    return this.#tipCertificate
  }

  start(): void {
    this.#announce(this.#engine.set)
    this.#host.push({ type: 'start' })
    this.#background(this.#catchUp.run())
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#hold.releaseAll()
    this.proposer?.stop()
    await Promise.all([this.#host.stop(), this.#catchUp.stop(), ...this.#work])
  }

  receive(from: PeerId, message: Message, origin: Origin): Verdict {
    return this.#intake.receive(from, message, origin)
  }

  receiveEvidence(evidence: Evidence): Verdict {
    const verdict = this.#accountability.judge(evidence)
    if (verdict === 'accept') {
      this.#background(this.#accountability.keep(evidence))
      if (this.#isOurKeyElsewhere(evidence)) this.#modules.stopped(keyElsewhere(evidence))
      this.#modules.misbehaved(evidence)
    }
    return verdict
  }

  block(hash: Hash): Block | undefined {
    return this.#engine.block(hash)
  }

  certificatesFrom(epoch: number, fromView: number): readonly Certificate[] {
    return this.#engine.certificatesFrom(epoch, fromView).filter((certificate) => !this.#host.isUnsaid(certificate))
  }

  // ------------------------------------------------------------------------------------------- what the engine wants

  #carryOut(output: Exclude<Output, { readonly type: 'persist' | 'setTimer' | 'cancelTimer' }>): void | Promise<void> {
    const { transport } = this.#modules
    switch (output.type) {
      case 'broadcast':
        if (output.message.type === 'certificate') this.#hold.release(output.message.certificate.blockHash)
        return transport.broadcast({ type: 'consensus', message: output.message })
      case 'build':
        return this.#background(this.#build(output))
      case 'validate':
        this.#pruneTree()
        return this.#background(this.#validate(output.block))
      case 'notarized':
        return this.#moveTip(output.certificate)
      case 'finalized':
        return this.#finalise(output)
      case 'fetchBlock':
        return this.#background(this.#fetchBlock(output.hash, output.hints))
      case 'fetchCertificates':
        return this.#background(this.#fetchCertificates(output, output.hints))
      case 'lagging':
        return this.#background(this.#catchUp.run(output.from))
      case 'misbehaviour':
        this.#modules.misbehaved(output.evidence)
        return this.#accountability.observed(output.evidence)
      case 'keyElsewhere':
        throw keyElsewhere(output)
      case 'ignored':
        return
      case 'rejected':
        return output.from === undefined ? undefined : transport.blame(output.from, output.code)
      case 'halt':
        throw new QuernError(output.code, output.message)
    }
  }

  async #build(request: Extract<Output, { readonly type: 'build' }>): Promise<void> {
    const block = await this.proposer?.build(request)
    if (block !== undefined) this.#host.push({ type: 'built', epoch: request.epoch, view: request.view, block })
  }

  async #validate(block: Block): Promise<void> {
    const { tree, executor } = this.#modules
    const { verdict } = await executor.execute(block)
    // A certificate that came before the hold would not end it.
    const isHeld = verdict === 'valid' && !this.#engine.isCertified(block.hash)
    if (isHeld) await this.#hold.until(block.hash, block.header.timestampMs)
    // Lost, or cleared away, while it was held: executed again if anybody still wants it.
    const isGone = isHeld && tree.get(block.hash) === undefined
    this.#host.push({ type: 'validated', blockHash: block.hash, verdict: isGone ? 'retry' : verdict })
  }

  /** As the engine does with proposals that nobody certified. Between inputs, when no block is becoming final. */
  #pruneTree(): void {
    const { tree } = this.#modules
    if (tree.size <= MAX_UNPRUNED_BLOCKS) return
    const oldestView = this.#engine.view - PROPOSAL_VIEWS_BEHIND
    tree.prune(({ block }) => block.header.view >= oldestView || this.#engine.isCertified(block.hash))
    this.#releaseLost()
  }

  #moveTip(certificate: Certificate): void {
    const { tree } = this.#modules
    // Cleared by a jump of the chain between the engine's answer and now: the next certificate moves the tip.
    if (tree.get(certificate.blockHash) === undefined) return
    this.#tipCertificate = certificate
    this.#setTip(certificate.blockHash)
  }

  #setTip(hash: Hash): void {
    const { tree, tipMoved } = this.#modules
    const change = tree.setTip(hash)
    this.proposer?.sawTip(tree.tip.block.header.timestampMs)
    if (change.added.length > 0 || change.dropped.length > 0) tipMoved(change)
  }

  async #finalise(output: Extract<Output, { readonly type: 'finalized' }>): Promise<void> {
    const entries: ChainEntry[] = []
    for (const block of output.blocks) {
      const execution = await this.#modules.executor.execute(block)
      assert(execution.verdict === 'valid', 'a block that was valid is not any more', { height: block.header.height })
      entries.push(execution.entry)
    }
    await this.#commit({ entries, notarization: output.notarization, finalization: output.finalization })
    if (output.endsEpoch) this.#host.push({ type: 'epochSet', context: this.#enterEpoch() })
  }

  // ------------------------------------------------------------------------------------------------- final blocks

  /** Writes blocks that became final together, oldest first, each whole, and lets go of the branches that lost. */
  async #commit(range: VerifiedRange): Promise<void> {
    const { tree } = this.#modules
    const head = range.entries.at(-1)
    assert(head !== undefined, 'a finalization without blocks')
    const { hash } = head.block
    const isOnTip = tree.branch(tree.tip.block.hash)?.some((entry) => equalBytes(entry.block.hash, hash)) ?? false
    if (!isOnTip) this.#setTip(hash)
    await writeFinal(range, this.#modules)
    if (equalBytes(tree.tip.block.hash, hash)) this.#tipCertificate = undefined
    this.#releaseLost()
    await this.#accountability.settle()
  }

  #releaseLost(): void {
    this.#hold.releaseExcept((held) => this.#modules.tree.get(held) !== undefined)
  }

  /** Blocks that catching up verified; between two inputs of the engine, which then jumps. */
  async #commitRange(range: VerifiedRange): Promise<boolean> {
    const { tree } = this.#modules
    let isCommitted = false
    await this.#host.between(async () => {
      const first = range.entries[0]!.block
      if (!equalBytes(first.header.parentHash, tree.final.block.hash)) return undefined
      // Longer than any branch that consensus may have open here: the branches make room.
      if (tree.size + range.entries.length > MAX_OPEN_BLOCKS) tree.clear()
      for (const entry of range.entries) {
        assert(tree.add(entry), 'an empty block tree has no room', { height: entry.block.header.height })
      }
      const entries = range.entries.map((entry) => tree.get(entry.block.hash) ?? entry)
      await this.#commit({ ...range, entries })
      isCommitted = true
      const { notarization, finalization } = range
      return {
        type: 'synced',
        head: { block: entries.at(-1)!.block, notarization, finalization },
        context: this.#enterEpoch(),
      }
    })
    return isCommitted
  }

  /** Set and randomness of the block after the store's head. */
  #nextEpoch(): EpochContext {
    const { store, rules } = this.#modules
    return epochSetup(store.state, epochOf(store.head.header.height + 1, rules.params))
  }

  /** The same, for an engine that enters it: whom to talk to changes with the set. */
  #enterEpoch(): EpochContext {
    const context = this.#nextEpoch()
    this.#announce(context.set)
    return context
  }

  #announce(set: ValidatorSet): void {
    if (set.epoch === this.#announcedEpoch) return
    this.#announcedEpoch = set.epoch
    this.#modules.transport.setValidators(set.members)
  }

  /** Evidence against our own validator about a view of this life: one of its statements is not ours. */
  #isOurKeyElsewhere({ validator, epoch, view }: Evidence): boolean {
    const { key } = this.#modules
    return key !== undefined && equalBytes(validator, key.owner) && this.#engine.isMadeElsewhere(epoch, view)
  }

  // ------------------------------------------------------------------------------------------------------- peers

  async #fetchBlock(hash: Hash, hints: readonly number[]): Promise<void> {
    const found = await this.#fetcher.block(hash, hints)
    if (found !== undefined) this.#host.push({ type: 'blockFetched', ...found })
  }

  async #fetchCertificates(range: CertificateRange, hints: readonly number[]): Promise<void> {
    const found = await this.#fetcher.certificates(range, hints)
    for (const certificate of found?.certificates ?? []) {
      this.receive(found!.from, { type: 'certificate', certificate }, 'direct')
    }
  }

  /** Runs beside the engine; its end comes back as an input. */
  #background(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => this.#modules.stopped(error))
      .finally(() => {
        this.#work.delete(done)
      })
    this.#work.add(done)
  }
}
