/** Virtual time, an unreliable network, byzantine validators, and the schedule of faults. */
import type { BlsScheme } from '../../../core/bls.ts'
import { equalBytes, type Hash, hexKey, u32be } from '../../../core/bytes.ts'
import { EventQueue } from '../../../core/event-queue.ts'
import { sha256 } from '../../../core/hash.ts'
import { type Random, randomStream } from '../../../core/random.ts'
import type { Block, Certificate, Message } from '../../types.ts'
import { decodeMessage, encodeMessage } from '../../wire.ts'
import type { EpochContext, Input } from '../types.ts'
import { Byzantine } from './byzantine.ts'
import { Host } from './host.ts'
import { contextOf, type Key, makeKeys, NETWORK_DELAY_MS } from './network.ts'
import { Oracle } from './oracle.ts'
import type { Plan } from './plan.ts'

/** After the heal every message arrives within half of D, so that D also covers execution. */
const CALM_DELAY_MS = NETWORK_DELAY_MS / 2 - 5

export interface WorldOptions {
  /** Keeps the digest of all inputs. */
  readonly isTraced?: boolean
  /** Messages travel as bytes. */
  readonly isEncoded?: boolean
}

export class World {
  readonly plan: Plan
  readonly scheme: BlsScheme
  readonly random: Random
  readonly oracle = new Oracle()
  readonly keys: readonly Key[]
  readonly hosts: Host[] = []
  readonly #byzantine: Byzantine
  readonly #events = new EventQueue()
  readonly #contexts = new Map<number, EpochContext>()
  #side = new Map<string, number>()
  #payloads = 0
  #digest: Uint8Array = new Uint8Array(32)
  readonly #options: WorldOptions

  constructor(plan: Plan, scheme: BlsScheme, options: WorldOptions = {}) {
    this.plan = plan
    this.scheme = scheme
    this.random = randomStream(plan.seed, 'run')
    this.#options = options
    this.keys = makeKeys(scheme, plan.validators)
    this.#byzantine = new Byzantine(this)
    for (const key of this.keys) {
      const misdeed = plan.byzantine.get(key.index)
      this.hosts.push(new Host(this, `v${key.index}`, key, misdeed === undefined))
      if (misdeed === 'twin') this.hosts.push(new Host(this, `v${key.index}b`, key, false))
    }
    for (let i = 0; i < plan.observers; i++) this.hosts.push(new Host(this, `o${i}`, undefined, true))
  }

  get nowMs(): number {
    return this.#events.nowMs
  }

  get isHealed(): boolean {
    return this.nowMs >= this.plan.healAtMs
  }

  /** A digest of every input of every node, in order: two runs of a seed must agree on it. */
  get trace(): string {
    return hexKey(this.#digest)
  }

  after(delayMs: number, act: () => void): void {
    this.#events.after(delayMs, act)
  }

  note(node: string, input: Input): void {
    if (!this.#options.isTraced) return
    const what = input.type === 'message' ? `${input.message.type} ${input.from}` : input.type
    this.#digest = sha256(this.#digest, new TextEncoder().encode(`${this.nowMs} ${node} ${what}`))
  }

  contextOf(epoch: number): EpochContext {
    let context = this.#contexts.get(epoch)
    if (context === undefined) {
      context = contextOf(this.keys, this.plan.seed, epoch)
      this.#contexts.set(epoch, context)
    }
    return context
  }

  isByzantine(address: Uint8Array): boolean {
    const key = this.keys.find((candidate) => equalBytes(candidate.address, address))
    return key !== undefined && this.plan.byzantine.has(key.index)
  }

  isHonestName(name: string | undefined): boolean {
    return this.hosts.some((host) => host.name === name && host.isHonest)
  }

  payload(host: Host): Uint8Array {
    return this.#byzantine.payload(host, sha256(u32be(++this.#payloads)))
  }

  proposeOtherwise(host: Host, block: Block, parent: Block, certificate: Certificate | undefined): boolean {
    return this.#byzantine.propose(host, block, parent, certificate)
  }

  overhear(host: Host, message: Message): void {
    this.#byzantine.hear(host, message)
  }

  broadcast(from: Host, message: Message): void {
    if (from.isHonest && from.key !== undefined) this.oracle.onSent(from.name, message, from.disk.records)
    if (this.#byzantine.say(from, message)) return
    for (const to of this.hosts) this.send(from, to, message)
  }

  /** One message to one node, as the network will have it. */
  send(from: Host, to: Host, message: Message): void {
    if (to === from) return
    if (from.key !== undefined && from.key === to.key) return
    const carried = this.#options.isEncoded ? decodeMessage(encodeMessage(message)) : message
    const copies = this.random.chance(this.plan.duplicates) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const delay = this.#delay(from, to)
      if (delay === undefined) continue
      this.after(delay, () => {
        if (to.isUp) to.receive(carried, from.name)
      })
    }
  }

  /** Undefined: lost. */
  #delay(from: Host, to: Host): number | undefined {
    if (this.isHealed) return 1 + this.random.below(CALM_DELAY_MS)
    if ((this.#side.get(from.name) ?? 0) !== (this.#side.get(to.name) ?? 0)) return undefined
    if (this.random.chance(this.plan.loss)) return undefined
    return 1 + this.random.below(this.plan.maxDelayMs)
  }

  /** A peer that is up, and whether asking and answering gets through. */
  #ask(asker: Host, peers: readonly Host[], answer: (peer: Host) => void): void {
    const up = peers.filter((peer) => peer !== asker && peer.isUp && peer.isHonest)
    if (up.length === 0) return
    const peer = this.random.pick(up)
    const there = this.#delay(asker, peer)
    const back = this.#delay(peer, asker)
    if (there === undefined || back === undefined) return
    this.after(there + back, () => {
      if (peer.isUp && asker.isUp) answer(peer)
    })
  }

  fetchBlock(asker: Host, hash: Hash, hints: readonly number[]): void {
    const context = this.contextOf(asker.engine?.epoch ?? 0)
    const hinted = new Set(hints.map((index) => hexKey(context.set.members[index]!.address)))
    const peers = this.hosts.filter((host) => host.key !== undefined && hinted.has(hexKey(host.key.address)))
    this.#ask(asker, peers, (peer) => {
      const block = peer.block(hexKey(hash))
      if (block !== undefined) asker.feed({ type: 'blockFetched', block, from: peer.name })
    })
  }

  fetchCertificates(asker: Host, epoch: number, fromView: number): void {
    this.#ask(asker, this.hosts, (peer) => {
      for (const certificate of peer.certificatesFrom(epoch, fromView)) {
        asker.receive({ type: 'certificate', certificate }, peer.name)
      }
    })
  }

  sync(asker: Host): void {
    this.#ask(asker, this.hosts, (peer) => asker.adopt(peer.disk.final))
  }

  /** Runs the faults until the heal, then until `isDone` says so. False when `limitMs` passes first. */
  run(isDone: () => boolean, limitMs: number): boolean {
    for (const host of this.hosts) this.after(this.random.below(20), () => host.boot())
    for (let i = 0; i < this.plan.crashes; i++) this.#planCrash()
    for (let i = 0; i < this.plan.partitions; i++) this.#planPartition()
    while (this.nowMs < limitMs && this.oracle.violations.length === 0) {
      if (!this.#events.runNext()) return isDone()
      if (this.isHealed && isDone()) return true
    }
    return false
  }

  #planCrash(): void {
    const host = this.random.pick(this.hosts)
    const atMs = 50 + this.random.below(this.plan.healAtMs - 100)
    const downMs = Math.min(this.random.below(500), this.plan.healAtMs - atMs)
    this.after(atMs, () => {
      if (!host.isUp) return
      host.crash()
      this.after(downMs, () => host.boot())
    })
  }

  #planPartition(): void {
    const atMs = this.random.below(this.plan.healAtMs)
    this.after(atMs, () => {
      this.#side = new Map(this.hosts.map((host) => [host.name, this.random.below(2)]))
    })
    this.after(atMs + this.random.below(600), () => this.#side.clear())
  }
}
