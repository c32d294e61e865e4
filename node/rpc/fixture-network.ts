/** The network half of DevControls over a fixture chain: it remembers what it was told, and nobody is really cut off. */

import { QuernError } from '../../core/errors.ts'
import { groupsOf } from '../../devnet/partition.ts'
import type { DevControls, DevNode, NodeApi } from '../api.ts'

type NetworkControls = Pick<DevControls, 'partition' | 'heal' | 'killValidator' | 'restartValidator' | 'nodes'>

export class FixtureNetwork implements NetworkControls {
  /** Undefined while the network is whole. */
  groups: readonly (readonly number[])[] | undefined
  readonly down = new Set<number>()
  readonly #chain: NodeApi

  constructor(chain: NodeApi) {
    this.#chain = chain
  }

  async partition(groups: readonly (readonly number[])[]): Promise<void> {
    groupsOf(groups, this.#count)
    this.groups = groups
  }

  async heal(): Promise<void> {
    this.groups = undefined
  }

  async killValidator(index: number): Promise<void> {
    this.#check(index)
    this.down.add(index)
  }

  async restartValidator(index: number): Promise<void> {
    this.#check(index)
    this.down.delete(index)
  }

  nodes(): readonly DevNode[] {
    const { height, hash } = this.#chain.finalized()
    return Array.from({ length: this.#count }, (_, index) => {
      const nodeId = `12D3KooWFixture${index}`
      const runs = !this.down.has(index)
      return {
        name: `validator-${index}`,
        nodeId,
        multiaddr: `/ip4/127.0.0.1/tcp/${40_000 + index}/p2p/${nodeId}`,
        pid: runs ? 1_000 + index : undefined,
        rpc: undefined,
        finalized: runs ? { height, hash } : undefined,
      }
    })
  }

  get #count(): number {
    return this.#chain.genesis.validators.length
  }

  #check(index: number): void {
    if (index >= this.#count) throw new QuernError('VALIDATOR_UNKNOWN', `there is no validator ${index}`)
  }
}
