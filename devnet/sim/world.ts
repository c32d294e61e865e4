/**
 * One run: a network of machines on virtual time, its faults, its users, and the checker that watches.
 *
 *     phase 1   every fault of the plan, until honest validators have entered `healAtViews` views
 *     phase 2   the faults of all honest machines but those `outside` end; byzantine ones and those outside go on. The
 *               healed ones must make blocks final within a bounded time each, until the run has seen enough. One that
 *               never does is weak, which is the simulator's own fault and as bad as any
 *
 * Between two events all promises settle, so nothing but the queue decides what comes next.
 */
import { genesisBlock } from '../../consensus/genesis.ts'
import { hexKey } from '../../core/bytes.ts'
import { EventQueue } from '../../core/event-queue.ts'
import { type Random, randomStream } from '../../core/random.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { SignaturePool } from '../../node/ingest/signature-pool.ts'
import { inlineProofs } from '../../node/zk/proofs.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { castMachines, keyNumbers, machineName } from './cast.ts'
import { type Lack, VPROG_KINDS } from './check/harvest.ts'
import { Checker } from './checker.ts'
import { Faults } from './faults.ts'
import { accountKeys, ownerKeys, simGenesis } from './genesis.ts'
import { simKey } from './keys.ts'
import type { Machine, Watcher } from './machine.ts'
import { Network } from './network.ts'
import { HEALED_BLOCKS, MIN_EPOCH_EDGES, MIN_VIEWS, type Plan } from './plan.ts'
import { MemoRecoverer } from './senders.ts'
import { memoKernel } from './tile-memo.ts'
import { Trace } from './trace.ts'
import { VprogUsers } from './vprog-users.ts'
import { Workload } from './workload.ts'

/** Events between two looks at whether the run is done: looking costs about as much as an event. */
const EVENTS_PER_LOOK = 32

/** Some hundred times what a run takes: one that gets here goes round in circles. */
const MAX_EVENTS = 10_000_000

/**
 * Time within which healed machines make one more block final, in views of undoubled timers. Faulty leaders in a row double the
 * timers up to 64-fold; 14 in a row, which 100,000 runs will not see, take 64 + 8 * 64 views.
 */
const MAX_VIEWS_PER_BLOCK = 600
/** By the heal the timers have doubled with the time that nothing became final, and some such views may have to pass. */
const STALL_FACTOR = 16
/** Phase 1 ends after this many ordinary views' time even where no view passes. */
const MAX_FAULTY_VIEWS = 120
/** Stores compared at the end, for their price: the heads of all were compared on the way. */
const STORES_COMPARED = 3
/** Blocks after which a run that still lacks something is weak: four epochs of the longest kind, where hardly any needs one. */
const MAX_EXTRA_BLOCKS = 48
/** A machine boots within this time. */
const BOOT_MS = 50

export interface RunResult {
  readonly seed: number
  readonly validators: number
  readonly traceHash: string
  readonly violations: readonly string[]
  readonly blocks: number
  readonly views: number
  readonly epochEdges: number
  readonly setChanges: number
  /** That succeeded in final blocks, in all and by kind. */
  readonly transactions: number
  readonly kinds: Readonly<Record<string, number>>
  /** Refused at once by the node that was asked. */
  readonly refused: number
  /** Sent with a false proof. */
  readonly forged: number
  readonly slashed: number
  readonly events: number
  readonly simulatedMs: number
  readonly messages: number
  readonly bytes: number
  readonly faults: Readonly<Record<string, number>>
  /** Misdeeds of the byzantine validators. */
  readonly byzantine: readonly string[]
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class World {
  readonly plan: Plan
  readonly machines: readonly Machine[]
  readonly network: Network
  readonly checker: Checker
  readonly #queue = new EventQueue()
  readonly #numbers: ReadonlyMap<string, number>
  readonly #trace: Trace
  readonly #faults: Faults
  readonly #workload: Workload
  readonly #vprogUsers: VprogUsers
  #events = 0
  #isHealed = false
  /** Newest height that all healed machines had, when they had it, and what they must reach next. */
  #coreHeight = 0
  #deadlineMs = Number.POSITIVE_INFINITY
  #goalHeight = Number.POSITIVE_INFINITY
  #lastFinalMs = 0

  /** @param write takes every line of the trace */
  constructor(plan: Plan, write?: (line: string) => void) {
    const { seed, params } = plan
    this.plan = plan
    this.#numbers = keyNumbers(plan)
    this.#trace = new Trace(this.#queue, write)
    const scheme = standInScheme()
    const kernel = memoKernel()
    const genesis = simGenesis(plan, scheme)
    this.checker = this.#makeChecker(genesis)
    this.network = new Network({
      queue: this.#queue,
      random: randomStream(seed, 'network'),
      faults: plan.links,
      networkDelayMs: params.networkDelayMs,
      trace: this.#trace,
    })
    const decode = { chainId: params.chainId, decode: { devKinds: false } }
    const machineWorld = {
      queue: this.#queue,
      network: this.network,
      trace: this.#trace,
      watcher: this.#watcher(),
      genesis,
      scheme,
      kernel,
      proofs: inlineProofs(params),
      signatures: new SignaturePool(decode, [new MemoRecoverer()]),
    }
    this.machines = castMachines(plan, machineWorld, genesisBlock(genesis))
    for (const machine of this.machines) {
      if (machine.isHonest) machine.disk.onDurable = (operation) => this.checker.durable(machine, operation)
    }
    this.#faults = new Faults({
      plan,
      queue: this.#queue,
      random: randomStream(seed, 'faults'),
      network: this.network,
      trace: this.#trace,
      machines: this.machines,
      isHealed: ({ name }) => this.network.calm.has(name),
    })
    const random = randomStream(seed, 'workload')
    this.#workload = new Workload({
      plan,
      random,
      scheme,
      kernel,
      node: () => this.#nodeFor(random),
      wanted: () => this.#wanted((kind) => !VPROG_KINDS.includes(kind)),
    })
    const vprogRandom = randomStream(seed, 'vprog users')
    this.#vprogUsers = new VprogUsers({
      plan,
      random: vprogRandom,
      node: () => this.#nodeFor(vprogRandom),
      isWanted: () => this.#wanted((kind) => VPROG_KINDS.includes(kind)).length > 0,
    })
    this.#startAll()
  }

  /** Until the run has seen enough, a violation, or a time without progress that is too long. */
  async run(): Promise<RunResult> {
    const { violations } = this.checker
    await this.#runUntil(() => this.#look())
    if (violations.isEmpty) this.#compareStores()
    return this.result()
  }

  /** Without phases, until every machine has this block: for measurements. */
  async runTo(height: number): Promise<void> {
    await this.#runUntil(() => this.machines.every(({ name }) => this.checker.finalHeightOf(name) >= height))
  }

  async #runUntil(isOver: () => boolean): Promise<void> {
    const { violations } = this.checker
    while (violations.isEmpty && this.#queue.runNext()) {
      await turn()
      if (++this.#events > MAX_EVENTS) violations.add(`simulator: more than ${MAX_EVENTS} events`)
      if (this.#events % EVENTS_PER_LOOK === 0 && isOver()) return
    }
  }

  // -------------------------------------------------------------------------------------------------- the phases

  /** True when the run is over. */
  #look(): boolean {
    const { statements, height } = this.checker
    if (!this.#isHealed) {
      const { blockIntervalMs, networkDelayMs } = this.plan.params
      const isLong = this.#queue.nowMs > MAX_FAULTY_VIEWS * (blockIntervalMs + networkDelayMs)
      if ((statements.views >= this.plan.healAtViews && this.#isHurt()) || isLong) this.#heal()
      return false
    }
    const reached = Math.min(...this.#core().map(({ name }) => this.checker.finalHeightOf(name)))
    if (reached > this.#coreHeight) {
      this.#coreHeight = reached
      this.#deadlineMs = this.#queue.nowMs + this.#patienceMs()
    }
    if (this.#queue.nowMs > this.#deadlineMs) {
      const atMs = this.#queue.nowMs
      this.checker.violations.add(`no progress: the healed machines stand at ${reached} of ${height}, ${atMs} ms`)
      return true
    }
    const lacks = reached < this.#goalHeight ? [] : this.#lacks()
    if (lacks.length > 0 && reached >= this.#goalHeight + MAX_EXTRA_BLOCKS) {
      this.checker.violations.add(`simulator: weak run: ${lacks.map(({ what }) => what).join(', ')}`)
    }
    return reached >= this.#goalHeight && lacks.length === 0
  }

  /** The crashes of the plan have happened, and its lost disks. */
  #isHurt(): boolean {
    const { crashEveryMs, diskLosses } = this.plan
    const isCrashed = crashEveryMs === undefined || this.machines.some((m) => m.isHonest && m.crashes > 0)
    return isCrashed && this.#faults.counts.disksLost >= diskLosses.size
  }

  /** What every run must have and this one has not yet. */
  #lacks(): Lack[] {
    const { statements, epochEdges, setChanges, harvest } = this.checker
    const lacks = harvest.lacks(setChanges)
    if (statements.views < MIN_VIEWS) lacks.push({ what: `${statements.views} views of ${MIN_VIEWS}`, helps: [] })
    if (epochEdges < MIN_EPOCH_EDGES) {
      lacks.push({ what: `${epochEdges} epoch edges of ${MIN_EPOCH_EDGES}`, helps: [] })
    }
    if (this.#isHealed && !this.#isHurt()) lacks.push({ what: 'not every fault of the plan', helps: [] })
    return lacks
  }

  /** Honest machines whose faults end with phase 1. */
  #core(): Machine[] {
    const { outside } = this.plan
    return this.machines.filter(({ isHonest, validator }) => isHonest && !outside.has(this.#numberOf(validator)))
  }

  /** Of an owner's key; -1 for anybody else. */
  #numberOf(validator: Uint8Array | undefined): number {
    return validator === undefined ? -1 : (this.#numbers.get(hexKey(validator)) ?? -1)
  }

  #patienceMs(): number {
    const { blockIntervalMs, networkDelayMs } = this.plan.params
    return MAX_VIEWS_PER_BLOCK * (blockIntervalMs + 5 * networkDelayMs)
  }

  #heal(): void {
    const nowMs = this.#queue.nowMs
    const stallMs = nowMs - this.#lastFinalMs
    const core = this.#core()
    this.#trace.note('world', `heals ${core.map(({ name }) => name).join(' ')}`)
    this.#isHealed = true
    this.network.calm = new Set(core.map(({ name }) => name))
    for (const machine of core) {
      machine.disk.tempo = { slowShare: 0, maxDelayMs: 0 }
      machine.clockError = { skewMs: 0, driftPpm: 0 }
      this.#queue.after(BOOT_MS, () => machine.boot())
    }
    const aheadMs = Math.max(0, ...this.plan.clocks.map(({ skewMs }) => skewMs))
    this.#deadlineMs = nowMs + this.#patienceMs() + STALL_FACTOR * stallMs + aheadMs
    this.#goalHeight = this.checker.height + HEALED_BLOCKS
  }

  #startAll(): void {
    const random = randomStream(this.plan.seed, 'start')
    for (const machine of this.machines) this.#queue.after(random.below(BOOT_MS), () => machine.boot())
    const send = (): void => {
      this.#queue.after(1 + random.below(2 * this.plan.transactionEveryMs), () => {
        void this.#workload.send()
        void this.#vprogUsers.send()
        send()
      })
    }
    send()
  }

  /** Kinds that the run has not had enough of. */
  #wanted(isOf: (kind: string) => boolean): string[] {
    return this.#lacks().flatMap(({ helps }) => helps.filter(isOf))
  }

  /** One that users send to. */
  #nodeFor(random: Random): ChainNode | undefined {
    const up = (this.#isHealed ? this.#core() : this.machines).filter((m) => m.isHonest && m.node !== undefined)
    return up.length === 0 ? undefined : random.pick(up).node
  }

  // ------------------------------------------------------------------------------------------------- the checker

  #makeChecker(genesis: Genesis): Checker {
    const { plan } = this
    const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, wei) => total + wei, 0n)
    return new Checker({
      epochBlocks: plan.params.epochBlocks,
      minStakeWei: plan.params.minStakeWei,
      genesisWei: sum(genesis.alloc.map(({ balanceWei }) => balanceWei)) + sum(plan.stakesWei),
      isForged: (hash) => this.#vprogUsers.forged.has(hexKey(hash)),
      lanes: { vprogsFrom: plan.vprogsFrom, laneWindowBlocks: plan.params.laneWindowBlocks },
      genesisSet: plan.stakesWei.map((powerWei, i) => ({ address: simKey(i).address, powerWei })),
      accounts: accountKeys(plan).map(({ address }) => address),
      owners: ownerKeys(plan).map(({ address }) => address),
      isByzantine: (owner) => plan.byzantine.has(this.#numberOf(owner)),
      machineOf: (owner) => {
        const number = this.#numberOf(owner)
        return number < 0 ? undefined : machineName(number)
      },
    })
  }

  #watcher(): Watcher {
    const { checker } = this
    return {
      sent: (machine, message) => {
        checker.sent(machine, message)
        if (message.type === 'consensus' && message.message.type === 'vote') this.#faults.voted(machine)
      },
      started: (machine, node) => {
        if (!machine.isHonest) return
        checker.opened(machine, node)
        node.subscribe((event) => {
          if (event.type !== 'final' || machine.node !== node) return
          const before = checker.height
          checker.finalised(machine, node, event)
          if (checker.height > before) this.#lastFinalMs = this.#queue.nowMs
        })
      },
      lostDisk: (machine) => {
        checker.lostDisk(machine)
      },
      failed: (machine, why) => {
        if (machine.isHonest) checker.failed(machine, why)
      },
      blamed: (machine, peer, code) => {
        const other = this.machines.find(({ name }) => name === peer)
        if (other !== undefined) checker.blamed(machine, other, code)
      },
      accused: (machine, validator) => {
        if (machine.isHonest) checker.accused(machine, validator)
      },
    }
  }

  /** What honest machines hold of the final chain, certificates apart, of which any will do. */
  #compareStores(): void {
    const honest = this.machines.filter(({ isHonest, node }) => isHonest && node !== undefined)
    const stores = randomStream(this.plan.seed, 'stores')
      .sample(honest, STORES_COMPARED)
      .map(({ name, disk, node }) => ({
        name,
        height: node!.finalized().height,
        tables: FINAL_TABLES.map((table) => disk.table(table)),
      }))
    this.checker.compareStores(stores)
  }

  result(): RunResult {
    const { plan, checker, network } = this
    const { lost, duplicated, delayed, messages, bytes } = network.counts
    return {
      seed: plan.seed,
      validators: plan.stakesWei.length,
      traceHash: this.#trace.hash,
      violations: checker.violations.list,
      blocks: checker.height,
      views: checker.statements.views,
      epochEdges: checker.epochEdges,
      setChanges: checker.setChanges,
      transactions: checker.harvest.total,
      kinds: checker.harvest.counts,
      refused: this.#workload.refused + this.#vprogUsers.refused,
      forged: this.#vprogUsers.forged.size,
      slashed: checker.slashed,
      events: this.#events,
      simulatedMs: this.#queue.nowMs,
      messages,
      bytes,
      faults: { lost, duplicated, delayed, ...this.#faults.counts, byzantine: plan.byzantine.size },
      byzantine: [...plan.byzantine.values()],
    }
  }
}

/** Blocks, indexes, receipts, senders, transactions; what happened to lanes and covenants; state values and their past; the state tree (node/storage/layout.ts). */
const FINAL_TABLES = [
  ...[0x10, 0x11, 0x12, 0x13, 0x14, 0x1a, 0x1b, 0x1c, 0x1d, 0x20, 0x21].map((name) => Uint8Array.of(name)),
  ...[0, 1, 2, 3].map((name) => Uint8Array.of(0x30, name)),
]
