/** Validators over a memory hub, one block for each step of their clock: the same chain in every run. */
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster } from '../../node/testing/cluster.ts'
import type { ChainParams } from '../../vm/params.ts'
import { SteppedClock } from './stepped-clock.ts'

export class SteppedCluster {
  readonly #cluster: Cluster
  readonly #clock: SteppedClock
  readonly #params: ChainParams

  constructor(validators: number, params: ChainParams) {
    this.#cluster = new Cluster(validators, params)
    this.#clock = new SteppedClock(this.#cluster.genesis.timestampMs)
    this.#params = params
  }

  /** The one that is asked; the others follow the same chain. */
  get node(): ChainNode {
    return this.nodes[0]!
  }

  get nodes(): readonly ChainNode[] {
    return this.#cluster.nodes.filter((node) => node !== undefined)
  }

  get height(): number {
    return this.node.finalized().height
  }

  async start(): Promise<void> {
    const { genesis } = this.#cluster
    await Promise.all(genesis.validators.map((_, i) => this.#cluster.start(i, { clock: this.#clock })))
  }

  stop(): Promise<void> {
    return this.#cluster.stopAll()
  }

  /** Gives it to every node, so that whoever leads next has it. @returns what the first said: its code, or undefined */
  async submit(raw: Uint8Array): Promise<string | undefined> {
    const answers = []
    for (const node of this.nodes) answers.push(await node.submit(raw))
    const [first] = answers
    return first === undefined || first.ok ? undefined : first.error.code
  }

  /** One block interval passes; resolves when every node has finalised what came of it. */
  async nextBlock(): Promise<void> {
    const height = this.height + 1
    this.#clock.advance(this.#params.blockIntervalMs)
    for (const node of this.nodes) await this.#cluster.until(node, height)
  }

  async advanceTo(height: number): Promise<void> {
    while (this.height < height) await this.nextBlock()
  }
}
