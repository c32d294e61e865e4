/** What a devnet of several processes can do: faults and money. Time and blocks belong to processes it does not reach into. */
import type { Address, Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { DevControls, DevNode, NodeApi } from '../node/api.ts'
import { Authority } from './authority.ts'
import { InTurn } from './in-turn.ts'
import type { AccountKey } from './keys.ts'
import type { Groups } from './partition.ts'
import type { ProcessNetwork } from './process-network.ts'

export interface ProcessControlModules {
  readonly network: ProcessNetwork
  readonly api: NodeApi
  readonly accounts: readonly AccountKey[]
  readonly authority: AccountKey
  readonly prover: AccountKey
}

const acrossProcesses = (what: string): QuernError =>
  new QuernError('DEV_ONE_PROCESS_ONLY', `${what} needs all nodes in one process: start the devnet without --processes`)

export class ProcessControls implements DevControls {
  readonly accounts: readonly AccountKey[]
  readonly proverKey: Uint8Array
  readonly #network: ProcessNetwork
  readonly #authority: Authority
  readonly #payments = new InTurn()
  readonly #cuts = new InTurn()
  /** Of each validator: processes take seconds to start, and need not wait for each other. */
  readonly #validators = new Map<number, InTurn>()

  constructor(modules: ProcessControlModules) {
    this.accounts = modules.accounts
    this.proverKey = modules.prover.privateKey
    this.#network = modules.network
    this.#authority = new Authority(modules.api, modules.authority)
  }

  setBalance(account: Address, balanceWei: bigint): Promise<void> {
    return this.#payments.run(() => this.#authority.setBalance(account, balanceWei))
  }

  fund(account: Address, amountWei: bigint): Promise<Hash> {
    return this.#payments.run(() => this.#authority.fund(account, amountWei))
  }

  /** @throws QuernError `DEV_ONE_PROCESS_ONLY` */
  mine(): never {
    throw acrossProcesses('making blocks on demand')
  }

  /** @throws QuernError `DEV_ONE_PROCESS_ONLY` */
  increaseTime(): never {
    throw acrossProcesses('moving the clock')
  }

  /** @throws QuernError `DEV_ONE_PROCESS_ONLY` */
  setNextBlockTimestamp(): never {
    throw acrossProcesses('dating a block')
  }

  /** @throws QuernError `DEV_ONE_PROCESS_ONLY` */
  snapshot(): never {
    throw acrossProcesses('a snapshot')
  }

  /** @throws QuernError `DEV_ONE_PROCESS_ONLY` */
  revert(): never {
    throw acrossProcesses('going back to a snapshot')
  }

  partition(groups: Groups): Promise<void> {
    return this.#cuts.run(() => this.#network.partition(groups))
  }

  heal(): Promise<void> {
    return this.#cuts.run(() => this.#network.heal())
  }

  async killValidator(index: number): Promise<void> {
    return this.#of(index).run(() => this.#network.kill(index))
  }

  async restartValidator(index: number): Promise<void> {
    return this.#of(index).run(() => this.#network.restart(index))
  }

  nodes(): readonly DevNode[] {
    return this.#network.nodes()
  }

  /** @throws QuernError `VALIDATOR_UNKNOWN` */
  #of(index: number): InTurn {
    this.#network.require(index)
    const turns = this.#validators.get(index) ?? new InTurn()
    this.#validators.set(index, turns)
    return turns
  }
}
