/** When machines crash and links fail. Each kind of fault comes at random intervals, as often as the plan says. */

import type { EventQueue } from '../../core/event-queue.ts'
import type { Random } from '../../core/random.ts'
import type { PeerId } from '../../p2p/transport.ts'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import type { PartitionShape, Plan } from './plan.ts'
import type { Trace } from './trace.ts'

export interface FaultModules {
  readonly plan: Plan
  readonly queue: EventQueue
  readonly random: Random
  readonly network: Network
  readonly trace: Trace
  readonly machines: readonly Machine[]
  /** Faults of these are over. */
  isHealed(machine: Machine): boolean
}

export interface FaultCounts {
  crashes: number
  /** Of these, in the middle of a write. */
  crashesInWrite: number
  partitions: number
  clogs: number
  disksLost: number
}

/** What a crash waits for: the next write of the journal, the next commit of a final block, the next own vote. */
type Aim = 'record' | 'commit' | 'vote'

/** First byte of a journal key (node/storage/layout.ts). */
const JOURNAL_TABLE = 0x40

export class Faults {
  readonly counts: FaultCounts = { crashes: 0, crashesInWrite: 0, partitions: 0, clogs: 0, disksLost: 0 }
  readonly #modules: FaultModules
  readonly #aimedAt = new Map<Machine, Aim>()
  /** Own votes until the disk is lost. */
  readonly #votesLeft = new Map<Machine, number>()

  constructor(modules: FaultModules) {
    this.#modules = modules
    const { crashEveryMs, partitionEveryMs, clogEveryMs } = modules.plan
    for (const machine of modules.machines) {
      machine.disk.isDoomed = (operations) => {
        const written: Aim = operations[0]?.key[0] === JOURNAL_TABLE ? 'record' : 'commit'
        return this.#aimedAt.get(machine) === written
      }
      machine.disk.onIssue = () => {
        this.counts.crashesInWrite++
        this.#crash(machine)
      }
    }
    this.#repeat(crashEveryMs, () => this.#planCrash())
    this.#repeat(partitionEveryMs, () => this.#partition())
    this.#repeat(clogEveryMs, () => this.#clog())
    for (const machine of modules.machines) {
      if (machine.isForgetful) this.#forget(machine)
      if (machine.votesUntilDiskLoss !== undefined) this.#votesLeft.set(machine, machine.votesUntilDiskLoss)
    }
  }

  /** An own vote of the machine has left it. */
  voted(machine: Machine): void {
    const { queue } = this.#modules
    if (this.#aimedAt.get(machine) === 'vote') queue.after(0, () => this.#crash(machine))
    const left = this.#votesLeft.get(machine)
    if (left === undefined) return
    this.#votesLeft.set(machine, left - 1)
    if (left === 1) queue.after(0, () => this.#loseDisk(machine))
  }

  #repeat(everyMs: number | undefined, act: () => void): void {
    if (everyMs === undefined) return
    const { queue, random } = this.#modules
    const next = (): void => {
      // Exponential gaps: now and then several at once.
      queue.after(1 - everyMs * Math.log(1 - random.next()), () => {
        act()
        next()
      })
    }
    next()
  }

  #planCrash(): void {
    const { random, machines, queue, plan } = this.#modules
    // Then it comes anyway.
    const aimMs = 3 * (plan.params.blockIntervalMs + plan.params.networkDelayMs)
    // Now and then all at once, as when a data centre loses power.
    const many = random.chance(0.05) ? machines.length : random.chance(0.2) ? 2 : 1
    for (const machine of random.sample(machines, many)) {
      if (!machine.isUp || this.#modules.isHealed(machine)) continue
      const moment = random.pick(['now', 'record', 'commit', 'vote'] as const)
      if (moment === 'now') this.#crash(machine)
      else {
        this.#aimedAt.set(machine, moment)
        queue.after(aimMs, () => this.#aimedAt.has(machine) && this.#crash(machine))
      }
    }
  }

  #crash(machine: Machine): void {
    const { queue, random, plan } = this.#modules
    this.#aimedAt.delete(machine)
    if (!machine.isUp || this.#modules.isHealed(machine)) return
    this.counts.crashes++
    machine.crash()
    queue.after(random.below(plan.maxDownMs), () => machine.boot())
  }

  /** What is on the disk is gone; the key and the record beside it are not. */
  #loseDisk(machine: Machine): void {
    const { queue, random, plan } = this.#modules
    if (this.#modules.isHealed(machine)) return
    this.counts.disksLost++
    machine.crash()
    machine.loseDisk()
    queue.after(random.below(plan.maxDownMs), () => machine.boot())
  }

  /** A machine that loses its disk with every crash. */
  #forget(machine: Machine): void {
    const { queue, random, plan } = this.#modules
    const { blockIntervalMs, networkDelayMs } = plan.params
    queue.after(random.below(6 * (blockIntervalMs + networkDelayMs)), () => {
      machine.crash()
      machine.loseDisk()
      queue.after(random.below(networkDelayMs), () => machine.boot())
      this.#forget(machine)
    })
  }

  #partition(): void {
    const { random, network, queue, plan, trace } = this.#modules
    const shape = random.pick(plan.partitionShapes)
    trace.note('network', `parts: ${shape}`)
    this.counts.partitions++
    network.cut(this.#linksCut(shape))
    queue.after(1 + random.below(plan.maxPartitionMs), () => {
      trace.note('network', 'is whole')
      network.cut([])
    })
  }

  #linksCut(shape: PartitionShape): [PeerId, PeerId][] {
    const { random, machines } = this.#modules
    const alone = random.pick(machines).name
    const side = new Map(machines.map(({ name }) => [name, random.below(2)]))
    const isCut = (from: PeerId, to: PeerId): boolean => {
      switch (shape) {
        case 'halves':
          return side.get(from) !== side.get(to)
        case 'one alone':
          return from === alone || to === alone
        case 'one way':
          return side.get(from) === 0 && side.get(to) === 1
        case 'scattered':
          return random.chance(0.5)
      }
    }
    const names = machines.map(({ name }) => name)
    return names.flatMap((from) =>
      names.flatMap((to): [PeerId, PeerId][] => (from !== to && isCut(from, to) ? [[from, to]] : [])),
    )
  }

  #clog(): void {
    const { random, network, plan, machines } = this.#modules
    const [from, to] = random.sample(machines, 2)
    if (from === undefined || to === undefined) return
    this.counts.clogs++
    network.clog(from.name, to.name, random.below(plan.maxClogMs))
  }
}
