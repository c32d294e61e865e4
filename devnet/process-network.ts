/**
 * The nodes of a devnet with a process for each validator; the node behind the URL is in this one.
 *
 *     this process: worker, URL, node ──┬── libp2p on loopback ──┬── quern start (validator 0), its URL on port + 1
 *                                       └────── IPC ─────────────┴── quern start (validator 1), its URL on port + 2 ...
 */
import path from 'node:path'
import { assert, QuernError } from '../core/errors.ts'
import type { DevNode } from '../node/api.ts'
import type { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { SignaturePool } from '../node/ingest/signature-pool.ts'
import type { NodeProofs } from '../node/zk/proofs.ts'
import type { Genesis } from '../vm/genesis.ts'
import { decodeOptions } from '../vm/transaction/envelope.ts'
import { unknownValidator } from './cluster.ts'
import { storeFolder } from './directory.ts'
import type { DevnetKeys } from './genesis.ts'
import { Member } from './member.ts'
import { blockedBy, type Groups, groupsOf } from './partition.ts'
import { freePorts } from './ports.ts'
import { ValidatorProcess } from './validator-process.ts'

const MAX_PORT = 65_535

export interface ProcessNetworkOptions {
  readonly genesis: Genesis
  readonly keys: DevnetKeys
  readonly clock: SystemClock
  readonly directory: string
  /** Of the node in this process. Whoever opened them closes them. */
  readonly proofs: NodeProofs
  readonly agent: string
  readonly rpcHost: string
  /** Of the node in this process; 0 = any free ones. */
  readonly rpcPort: number
  /** Once it resolves the validators stop, and are not started any more. */
  readonly interrupted?: Promise<void>
  /** The node in this process stopped by itself. */
  readonly onFailure: (name: string, error: unknown) => void
  /** A validator's process ended by itself; the network goes on without it. */
  readonly onValidatorEnd: (index: number, how: string) => void
  /** A validator's process wrote a line to stderr. */
  readonly onValidatorError: (index: number, line: string) => void
}

export class ProcessNetwork {
  readonly #entry: Member
  readonly #signatures: SignaturePool
  readonly #validators: readonly ValidatorProcess[]
  /** For each node, the one behind the URL last, the nodes it may not reach. */
  #blocked: readonly (readonly number[])[] = []

  private constructor(options: ProcessNetworkOptions, p2pPorts: readonly number[]) {
    const { genesis, keys, clock, directory, proofs, agent, rpcHost, rpcPort, onFailure } = options
    const { params } = genesis
    this.#signatures = new SignaturePool({ chainId: params.chainId, decode: decodeOptions(params) })
    this.#entry = new Member({
      name: 'node',
      directory: storeFolder(directory, 'node'),
      identity: keys.entryIdentity,
      genesis,
      clock,
      signatures: this.#signatures,
      proofs,
      agent,
      onFailure: (error) => onFailure('node', error),
    })
    this.#validators = genesis.validators.map(({ nodeId }, index) => {
      const name = `validator-${index}`
      return new ValidatorProcess({
        name,
        home: path.join(directory, name),
        nodeId,
        p2pPort: p2pPorts[index]!,
        rpcHost,
        rpcPort: rpcPort === 0 ? 0 : rpcPort + 1 + index,
        peers: () => this.#addressesFor(name),
        onEnd: (how) => options.onValidatorEnd(index, how),
        onError: (line) => options.onValidatorError(index, line),
      })
    })
  }

  /**
   * The node behind the URL alone, which holds the store of its kind: where another devnet does, nothing is started in vain.
   * @throws QuernError `PORT_RANGE`, and what that node failed with
   */
  static async open(options: ProcessNetworkOptions): Promise<ProcessNetwork> {
    const { length } = options.genesis.validators
    if (options.rpcPort + length > MAX_PORT) {
      throw new QuernError(
        'PORT_RANGE',
        `validators answer on the ports after --rpc-port: at most ${MAX_PORT - length}`,
      )
    }
    const network = new ProcessNetwork(options, await freePorts(length))
    // Processes take seconds to start: whoever interrupts that does not wait for them.
    void options.interrupted?.then(() => network.#stopValidators())
    try {
      await network.#entry.connect(network.#validators.map(({ multiaddr }) => multiaddr))
      const node = await network.#entry.open()
      // Blocks may be dated ahead of this machine's clock, by a devnet in one process: go on from there.
      options.clock.advance(node.latest().timestampMs - options.clock.nowMs())
      network.#entry.start()
    } catch (error) {
      await network.stop()
      throw error
    }
    return network
  }

  /**
   * Resolves when every validator is ready. Their homes are there already.
   * @throws QuernError what they failed with; `VALIDATOR_FAILED`, `VALIDATOR_SILENT`
   */
  async start(): Promise<void> {
    await Promise.all(this.#validators.map((validator) => validator.start()))
  }

  get entry(): ChainNode {
    const { node } = this.#entry
    assert(node !== undefined, 'the node behind the URL is closed')
    return node
  }

  nodes(): readonly DevNode[] {
    return [...this.#validators.map((validator) => validator.describe()), this.#entry.describe()]
  }

  warmUp(): void {
    this.#signatures.warmUp()
  }

  #addressesFor(name: string): readonly string[] {
    return [this.#entry, ...this.#validators.filter((other) => other.name !== name)].map(({ multiaddr }) => multiaddr)
  }

  /** @throws QuernError `PARTITION_INVALID`; `VALIDATOR_SILENT` once all the others have done it */
  async partition(groups: Groups): Promise<void> {
    const ofValidators = groupsOf(groups, this.#validators.length)
    // The node behind the URL stays with the first group.
    await this.#block(blockedBy([...ofValidators, 0]))
  }

  /** @throws QuernError `VALIDATOR_SILENT` once all the others have done it */
  async heal(): Promise<void> {
    await this.#block([])
    await allDone([
      this.#entry.dial(this.#validators.filter(({ isRunning }) => isRunning).map(({ multiaddr }) => multiaddr)),
      // Each link needs one dialler.
      ...this.#validators.map((validator, index) => {
        const before = this.#validators.slice(0, index).filter(({ isRunning }) => isRunning)
        return validator.ask({ type: 'connect', multiaddrs: before.map(({ multiaddr }) => multiaddr) })
      }),
    ])
  }

  async #block(blocked: readonly (readonly number[])[]): Promise<void> {
    this.#blocked = blocked
    await allDone([
      this.#entry.setBlocked(this.#blockedIds(this.#validators.length)),
      ...this.#validators.map((validator, index) => this.#blockOne(validator, index)),
    ])
  }

  #blockOne(validator: ValidatorProcess, index: number): Promise<void> {
    return validator.ask({ type: 'setBlocked', peers: this.#blockedIds(index) })
  }

  #blockedIds(index: number): readonly string[] {
    return (this.#blocked[index] ?? []).map((other) => this.#validators[other]?.nodeId ?? this.#entry.id)
  }

  /** @throws QuernError `VALIDATOR_UNKNOWN` */
  async kill(index: number): Promise<void> {
    await this.require(index).kill()
  }

  /** @throws QuernError `VALIDATOR_UNKNOWN`, what it failed with, `VALIDATOR_FAILED`, `VALIDATOR_SILENT` */
  async restart(index: number): Promise<void> {
    const validator = this.require(index)
    if (validator.isRunning) return
    await validator.start()
    await this.#blockOne(validator, index)
  }

  /** @throws QuernError `VALIDATOR_UNKNOWN` */
  require(index: number): ValidatorProcess {
    const validator = this.#validators[index]
    if (validator === undefined) throw unknownValidator(index, this.#validators.length)
    return validator
  }

  async stop(): Promise<void> {
    await Promise.all([this.#stopValidators(), this.#entry.stop()])
    await this.#signatures.close()
  }

  async #stopValidators(): Promise<void> {
    await Promise.all(this.#validators.map((validator) => validator.stop()))
  }
}

/** Waits for all, then throws the first failure. */
async function allDone(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
