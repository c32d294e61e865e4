/**
 * One machine: a disk that survives, and a node that does not. Everything the node has of time, disk and network belongs to
 * one life; a crash cuts all three at once, in the middle of whatever the node was doing.
 */
import type { BlsScheme } from '../../core/bls.ts'
import { messageOf } from '../../core/errors.ts'
import type { EventQueue } from '../../core/event-queue.ts'
import type { Random } from '../../core/random.ts'
import { ChainNode } from '../../node/chain-node.ts'
import type { SignaturePool } from '../../node/ingest/signature-pool.ts'
import type { NodeProofs } from '../../node/zk/proofs.ts'
import type {
  NetworkMessage,
  PeerId,
  PeerRequest,
  PeerResponse,
  Transport,
  TransportHandlers,
} from '../../p2p/transport.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { type ClockError, SimClock } from './clock.ts'
import { SimDisk } from './disk.ts'
import type { SimKey } from './keys.ts'
import { knownAddresses, type Network, type Port } from './network.ts'
import type { SimSigningRecord } from './signing-record.ts'
import type { Trace } from './trace.ts'

/** A byzantine machine that stopped by itself is back after this long. */
const REBOOT_MS = 500

/** What stands between a byzantine validator's node and the network. Its node itself is an honest one. */
export interface Actor {
  /** True when the message was dealt with otherwise than by sending it. `to` undefined: it was meant for everybody. */
  say?(message: NetworkMessage, to: PeerId | undefined): boolean
  /** Every message that arrives. False keeps it from the node. */
  hear?(from: PeerId, message: NetworkMessage): boolean
  answer?(request: PeerRequest, honest: () => Promise<PeerResponse>): Promise<PeerResponse>
}

/** What a machine tells of itself, while it is honest. */
export interface Watcher {
  /** Before it leaves. */
  sent(machine: Machine, message: NetworkMessage): void
  started(machine: Machine, node: ChainNode): void
  /** Before it starts again on an empty one. */
  lostDisk(machine: Machine): void
  /** The node stopped by itself, or would not start. */
  failed(machine: Machine, why: string): void
  blamed(machine: Machine, peer: PeerId, code: string): void
  accused(machine: Machine, validator: Uint8Array): void
}

export interface MachineWorld {
  readonly queue: EventQueue
  readonly network: Network
  readonly trace: Trace
  readonly watcher: Watcher
  readonly genesis: Genesis
  readonly scheme: BlsScheme
  readonly kernel: TileKernel
  readonly signatures: SignaturePool
  /** One for all: a verdict does not depend on who asks. */
  readonly proofs: NodeProofs
}

export class Machine implements Port {
  readonly name: PeerId
  readonly key: SimKey | undefined
  readonly isHonest: boolean
  /** Loses its disk with every crash. */
  readonly isForgetful: boolean
  /** Own votes after which the disk is lost, once; undefined: never. */
  readonly votesUntilDiskLoss: number | undefined
  readonly disk: SimDisk
  /** Beside the key; byzantine machines keep none. */
  readonly record: SimSigningRecord | undefined
  readonly #world: MachineWorld
  clockError: ClockError = { skewMs: 0, driftPpm: 0 }
  /** Set before the first boot. */
  actor: Actor | undefined
  handlers: TransportHandlers | undefined
  validators: ReadonlySet<string> | undefined
  node: ChainNode | undefined
  /** Rises with every boot and every crash. */
  #life = 0
  isUp = false
  crashes = 0

  constructor(
    world: MachineWorld,
    options: {
      readonly name: string
      readonly key?: SimKey
      readonly isHonest: boolean
      readonly isForgetful?: boolean
      readonly votesUntilDiskLoss?: number | undefined
      readonly record?: SimSigningRecord
      readonly diskRandom: Random
    },
  ) {
    this.#world = world
    this.name = options.name
    this.key = options.key
    this.isHonest = options.isHonest
    this.isForgetful = options.isForgetful ?? false
    this.votesUntilDiskLoss = options.votesUntilDiskLoss
    this.record = options.record
    this.disk = new SimDisk(world.queue, options.diskRandom)
  }

  get validator(): Uint8Array | undefined {
    return this.key?.address
  }

  boot(): void {
    const { genesis, scheme, kernel, signatures, proofs, queue, watcher, trace } = this.#world
    if (this.isUp) return
    const life = ++this.#life
    this.isUp = true
    const isAlive = (): boolean => life === this.#life
    trace.note(this.name, 'boots')
    const fail = (error: unknown): void => {
      if (!isAlive()) return
      trace.note(this.name, `stops: ${messageOf(error)}`)
      this.#end()
      watcher.failed(this, messageOf(error))
      // Two machines with one key stop each other (VALIDATOR_KEY_ELSEWHERE); whoever runs them so starts them again.
      if (!this.isHonest) queue.after(REBOOT_MS, () => this.boot())
    }
    ChainNode.open({
      genesis,
      ...(this.key === undefined
        ? {}
        : { key: { owner: this.key.address, blsSecretKey: this.key.blsSecretKey }, reporter: this.key }),
      ...(this.record === undefined ? {} : { protection: this.record.open(this.disk.tempo, isAlive) }),
      store: this.disk.open(),
      clock: new SimClock(queue, genesis.timestampMs, () => this.clockError, isAlive),
      transport: this.#transport(isAlive),
      signatures,
      kernel,
      proofs,
      bls: scheme,
      onEvidence: (evidence) => isAlive() && watcher.accused(this, evidence.validator),
      onFailure: fail,
    }).then((node) => {
      if (!isAlive()) return
      this.node = node
      watcher.started(this, node)
      node.start()
    }, fail)
  }

  /** Power off. */
  crash(): void {
    if (!this.isUp) return
    this.#world.trace.note(this.name, 'crashes')
    this.crashes++
    this.#end()
    this.disk.crash()
  }

  /** Of a machine that is down. */
  loseDisk(): void {
    this.#world.trace.note(this.name, 'loses its disk')
    this.disk.wipe()
    this.record?.lostDisk()
    if (this.isHonest) this.#world.watcher.lostDisk(this)
  }

  #end(): void {
    this.#life++
    this.isUp = false
    this.node = undefined
    this.handlers = undefined
    this.validators = undefined
  }

  #transport(isAlive: () => boolean): Transport {
    const { network, watcher } = this.#world
    const say = (message: NetworkMessage, to: PeerId | undefined): boolean => {
      if (!isAlive() || this.handlers === undefined) return false
      if (this.isHonest) watcher.sent(this, message)
      return isAlive() && this.actor?.say?.(message, to) !== true
    }
    return {
      start: (handlers) => {
        if (isAlive()) this.handlers = this.#tapped(handlers, isAlive)
      },
      stop: async () => {
        if (isAlive()) this.handlers = undefined
      },
      blame: (peer, code) => {
        if (isAlive() && this.isHonest) watcher.blamed(this, peer, code)
      },
      peers: () => (isAlive() ? network.peersOf(this.name) : []),
      setValidators: (validators) => {
        if (isAlive()) this.validators = knownAddresses(validators)
      },
      peerOf: (validator) => (isAlive() ? network.peerOf(this.name, validator) : undefined),
      broadcast: (message) => {
        if (say(message, undefined)) network.broadcast(this, message)
      },
      send: (to, message) => {
        if (say(message, to)) network.send(this.name, to, network.frame(message, 'direct', this.name))
      },
      request: (to, request) =>
        isAlive() ? network.request(this.name, to, request, isAlive) : new Promise<never>(() => {}),
    }
  }

  #tapped(handlers: TransportHandlers, isAlive: () => boolean): TransportHandlers {
    return {
      message: (from, message, origin) => {
        const isHeard = this.actor?.hear?.(from, message) !== false
        const verdict = isHeard && isAlive() ? handlers.message(from, message, origin) : 'ignore'
        if (this.isHonest) {
          void Promise.resolve(verdict).then((found) => {
            if (typeof found === 'object' && isAlive()) this.#world.watcher.blamed(this, from, found.reject)
          })
        }
        return verdict
      },
      request: (from, request) => {
        const honest = (): Promise<PeerResponse> => handlers.request(from, request)
        return this.actor?.answer?.(request, honest) ?? honest()
      },
    }
  }
}
