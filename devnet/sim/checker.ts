/**
 * What must hold in every run, judged from outside by code of its own: it shares byte helpers and the decoders of wire
 * objects with the node, and neither quorum arithmetic, nor state tables, nor rules.
 *
 *     agreement     no two final blocks at a height, each on its parent, equal roots and receipts, equal stores at the end
 *     quorum        every final block stands on certificates of more than two thirds of the power of the set that was
 *                   fixed two epochs before, and every honest validator named in them signed
 *     honesty       no honest validator contradicts itself, on the wire or on its disk (check/statements.ts)
 *     durability    what was sent was on the disk; nothing that was final is gone or different after a restart, unless the
 *                   disk is
 *     money         the supply equation, from the records (check/supply.ts, check/outputs.ts)
 *     lanes         every header's commitment, from the blocks before it (check/lanes.ts)
 *     blame         only byzantine validators are accused, slashed for equivocation, or rejected; no honest node stops
 */
import type { Certificate } from '../../consensus/types.ts'
import { type Address, type Hash, hexKey } from '../../core/bytes.ts'
import type { KvOperation } from '../../core/kv.ts'
import type { ExecutedBlock, NodeApi } from '../../node/api.ts'
import type { NetworkMessage } from '../../p2p/transport.ts'
import { Harvest } from './check/harvest.ts'
import type { LaneRules } from './check/lanes.ts'
import { type Member, SetCheck } from './check/sets.ts'
import { type Reader, validatorFacts } from './check/state-tables.ts'
import { StatementCheck } from './check/statements.ts'
import { supplyFault } from './check/supply.ts'
import { differingKey, type Rows } from './check/tables.ts'
import { Violations } from './check/violations.ts'
import { VprogCheck } from './check/vprogs.ts'

/** The checker's view of a machine. */
export interface Checked {
  readonly name: string
  readonly isHonest: boolean
}

export interface CheckerRules {
  readonly epochBlocks: number
  readonly minStakeWei: bigint
  readonly genesisWei: bigint
  readonly lanes: LaneRules
  /** Whether a transaction's proof is false, or its secret wrong: whoever sent it knows. */
  readonly isForged: (transaction: Hash) => boolean
  readonly genesisSet: readonly Member[]
  readonly accounts: readonly Address[]
  readonly owners: readonly Address[]
  readonly isByzantine: (owner: Address) => boolean
  /** The machine that holds an honest validator's key. */
  readonly machineOf: (owner: Address) => string | undefined
}

type FinalEvent = Parameters<Parameters<NodeApi['subscribe']>[0]>[0] & { readonly type: 'final' }

/** What all nodes must agree on about one height. */
interface FinalFacts {
  readonly hash: string
  readonly roots: string
  readonly receipts: string
}

/** Final blocks that a restarted node is asked for, newest first. */
const HEIGHTS_ASKED_AGAIN = 4

export class Checker {
  readonly violations = new Violations()
  readonly statements: StatementCheck
  readonly sets: SetCheck
  readonly #vprogs: VprogCheck
  readonly #rules: CheckerRules
  readonly #final: FinalFacts[] = []
  /** Newest final height that each machine told of. */
  readonly #told = new Map<string, number>()
  readonly #slashed = new Set<string>()
  #results = 0
  /** What users got done in final blocks. */
  readonly harvest = new Harvest()

  constructor(rules: CheckerRules) {
    this.#rules = rules
    this.statements = new StatementCheck(this.violations)
    this.#vprogs = new VprogCheck(rules.lanes)
    this.sets = new SetCheck(
      {
        genesis: rules.genesisSet,
        owners: rules.owners,
        minStakeWei: rules.minStakeWei,
        isByzantine: rules.isByzantine,
      },
      this.violations,
    )
  }

  /** Newest height that is final at some honest node. */
  get height(): number {
    return Math.max(0, this.#final.length - 1)
  }

  /** Epochs that honest nodes have left behind. */
  get epochEdges(): number {
    return Math.floor(this.height / this.#rules.epochBlocks)
  }

  /** Epochs in force so far whose set differs from the one before. */
  get setChanges(): number {
    return this.sets.changesUpTo(this.epochEdges)
  }

  get slashed(): number {
    return this.#slashed.size
  }

  finalHeightOf(name: string): number {
    return this.#told.get(name) ?? 0
  }

  sent({ name }: Checked, message: NetworkMessage): void {
    if (message.type === 'consensus') this.statements.sent(name, message.message)
  }

  durable({ name }: Checked, operation: KvOperation): void {
    this.statements.durable(name, operation)
  }

  lostDisk({ name }: Checked): void {
    this.#told.delete(name)
    this.statements.lostDisk(name)
  }

  failed({ name }: Checked, why: string): void {
    this.violations.add(`${name} stopped by itself: ${why}`)
  }

  blamed({ name }: Checked, peer: Checked, code: string): void {
    if (peer.isHonest) this.violations.add(`${name} blames honest ${peer.name}: ${code}`)
  }

  accused({ name }: Checked, validator: Address): void {
    if (!this.#rules.isByzantine(validator)) this.violations.add(`${name} accuses honest ${hexKey(validator)}`)
  }

  /** A node of an honest machine opened its store, for the first time or again. */
  opened({ name }: Checked, node: NodeApi): void {
    const { height } = node.finalized()
    const told = this.finalHeightOf(name)
    if (height < told) this.violations.add(`${name} restarts at height ${height}, and had said that ${told} was final`)
    for (let asked = told; asked > 0 && asked > told - HEIGHTS_ASKED_AGAIN; asked--) {
      const block = node.blockByHeight(asked)?.block
      if (block === undefined || hexKey(block.hash) !== this.#final[asked]?.hash) {
        this.violations.add(`${name} restarts without the final block ${asked}`)
      }
    }
    // What was committed just before the crash and not told of: it is final here too.
    for (let untold = told + 1; untold <= height; untold++) this.#takeFinal(name, node, untold, undefined)
  }

  /** A block became final at an honest node. */
  finalised({ name }: Checked, node: NodeApi, event: FinalEvent): void {
    const { header } = event.block.block
    const told = this.finalHeightOf(name)
    if (header.height !== told + 1) this.violations.add(`${name} finalised ${header.height} after ${told}`)
    this.#takeFinal(name, node, header.height, event.certificate)
  }

  /** Stores of nodes with the same final chain are the same. `stores`: what each holds of that chain, by final height. */
  compareStores(
    stores: readonly { readonly name: string; readonly height: number; readonly tables: readonly Rows[] }[],
  ): void {
    const first = new Map<number, (typeof stores)[number]>()
    for (const store of stores) {
      const other = first.get(store.height)
      if (other === undefined) {
        first.set(store.height, store)
        continue
      }
      const key = differingKey(store.tables, other.tables)
      if (key === undefined) continue
      this.violations.add(`${store.name} and ${other.name} hold different records of ${key} at height ${store.height}`)
    }
  }

  #takeFinal(name: string, node: NodeApi, height: number, certificate: Certificate | undefined): void {
    this.#told.set(name, height)
    const executed = node.blockByHeight(height)
    if (executed === undefined) {
      this.violations.add(`${name} has no block ${height}, which it says is final`)
      return
    }
    const { header, hash, parentCertificate } = executed.block
    const facts: FinalFacts = {
      hash: hexKey(hash),
      roots: [header.stateRoot, header.computeRoot, header.receiptRoot, header.txRoot].map(hexKey).join(' '),
      receipts: executed.receipts
        .map((r) => `${r.status}${r.error ?? ''}${r.gasUsed}/${r.cumulativeGasUsed}`)
        .join(' '),
    }
    const known = this.#final[height]
    if (known !== undefined) {
      if (known.hash !== facts.hash) this.violations.add(`two final blocks at height ${height}, one at ${name}`)
      if (known.roots !== facts.roots || known.receipts !== facts.receipts) {
        this.violations.add(`other roots or receipts at height ${height} at ${name}`)
      }
    }
    const parent = this.#final[height - 1]
    if (parent !== undefined && hexKey(header.parentHash) !== parent.hash) {
      this.violations.add(`${name} finalised ${height} beside the final ${height - 1}`)
    }
    if (certificate !== undefined) this.#checkCertificate(name, certificate, 'finalize', facts.hash)
    if (parentCertificate !== undefined && known === undefined) {
      this.#checkCertificate(name, parentCertificate, 'notarize', hexKey(header.parentHash))
    }
    if (known !== undefined) return
    this.#final[height] = facts
    this.harvest.add(executed)
    this.#checkVprogs(name, height, executed, node)
    this.#results += header.resultCount
    if (this.#results !== (this.harvest.counts.SUBMIT_RESULT ?? 0)) {
      this.violations.add(`the header of ${height} counts other results than its receipts at ${name}`)
    }
    const state = node.stateAt(height)
    if (state === undefined) this.violations.add(`${name} has no state after ${height}`)
    else this.#checkState(height, header.epoch, state)
  }

  /** @param hash of the block that it is about; a finalization may be that of a descendant */
  #checkCertificate(name: string, certificate: Certificate, kind: 'notarize' | 'finalize', hash: string): void {
    const { epoch, view, signers } = certificate
    const what = `${kind} certificate of ${epoch}/${view} at ${name}`
    const signed = hexKey(certificate.blockHash)
    if (certificate.kind !== kind) this.violations.add(`${what} is a ${certificate.kind}`)
    if (kind === 'notarize' && signed !== hash) this.violations.add(`${what} is about another block`)
    const fault = this.sets.quorumFault(epoch, signers)
    if (fault !== undefined) {
      this.violations.add(`${what}: ${fault}`)
      return
    }
    for (const { address } of this.sets.signersOf(epoch, signers)) {
      const machine = this.#rules.machineOf(address)
      if (machine === undefined || this.#rules.isByzantine(address)) continue
      if (!this.statements.hasSigned(machine, kind, epoch, view, signed)) {
        this.violations.add(`${what} names ${machine}, who did not sign it`)
      }
    }
  }

  #checkVprogs(name: string, height: number, executed: ExecutedBlock, node: NodeApi): void {
    const fault = this.#vprogs.add(executed, node.blockByHeight(height - 1)?.block, node.stateAt(height))
    if (fault !== undefined) this.violations.add(`height ${height} at ${name}: ${fault}`)
    for (const [i, { hash }] of executed.transactions.entries()) {
      if (executed.receipts[i]?.status !== 1 || !this.#rules.isForged(hash)) continue
      this.violations.add(`height ${height} at ${name}: a false proof opened an output`)
    }
  }

  #checkState(height: number, epoch: number, state: Reader): void {
    const { accounts, owners, genesisWei, epochBlocks, isByzantine } = this.#rules
    const outputsWei = this.#vprogs.heldWei(state)
    const fault = supplyFault(state, epoch, { accounts, owners, genesisWei, outputsWei })
    if (fault !== undefined) this.violations.add(`height ${height}: ${fault}`)
    for (const owner of owners) {
      if (validatorFacts(state, owner)?.isTombstoned !== true) continue
      this.#slashed.add(hexKey(owner))
      if (!isByzantine(owner)) this.violations.add(`honest ${hexKey(owner)} was slashed for equivocation at ${height}`)
    }
    if (height % epochBlocks === 0) this.sets.epochEnded(epoch, state)
  }
}
