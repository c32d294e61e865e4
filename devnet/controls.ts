/** What only a devnet in one process can do: the hands behind the `dev_`, `evm_` and `anvil_` methods. */
import type { Address } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { DevControls, DevNode } from '../node/api.ts'
import type { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { Authority } from './authority.ts'
import { eventually } from './chain-events.ts'
import type { Cluster, ClusterSnapshot } from './cluster.ts'
import type { CurrentNode } from './current-node.ts'
import { InTurn } from './in-turn.ts'
import type { AccountKey } from './keys.ts'
import type { Groups } from './partition.ts'

/** Each keeps a copy of every store's logs, and the table files that would have been deleted. */
export const MAX_SNAPSHOTS = 16
/** dev_mine waits for its blocks; more in one call would look like a hang. */
export const MAX_MINED_BLOCKS = 10_000

/** Gossip takes a few milliseconds; what has not arrived by now has been refused. */
const SPREAD_MS = 500
const SPREAD_POLL_MS = 5
/** One block under way and one after it; what is still left out then does not fit. */
const MAX_MORE_BLOCKS = 2
/** Of a fuller pool it does not matter which ones the next block holds. */
const MAX_AWAITED_TRANSACTIONS = 256

const isKnown = (node: ChainNode, hash: Uint8Array): boolean =>
  node.pool().get(hash) !== undefined || node.transactionByHash(hash) !== undefined

export interface ControlModules {
  readonly cluster: Cluster
  readonly current: CurrentNode
  readonly clock: SystemClock
  readonly accounts: readonly AccountKey[]
  readonly authority: AccountKey
  readonly prover: AccountKey
}

export class Controls implements DevControls {
  readonly accounts: readonly AccountKey[]
  readonly proverKey: Uint8Array
  readonly #modules: ControlModules
  /** Oldest first. */
  #snapshots: ClusterSnapshot[] = []
  /** What the next block was told to be dated; of the past once the tip is. */
  #nextTimestampMs = 0
  readonly #inTurn = new InTurn()
  /** Beside it: a chain that stands still for want of validators must not keep them from coming back. */
  readonly #faults = new InTurn()
  readonly #authority: Authority

  constructor(modules: ControlModules) {
    this.#modules = modules
    this.#authority = new Authority(modules.current.api, modules.authority)
    this.accounts = modules.accounts
    this.proverKey = modules.prover.privateKey
  }

  setBalance(account: Address, balanceWei: bigint): Promise<void> {
    return this.#inTurn.run(() => this.#authority.setBalance(account, balanceWei))
  }

  fund(account: Address, amountWei: bigint): Promise<Uint8Array> {
    return this.#inTurn.run(() => this.#authority.fund(account, amountWei))
  }

  mine(blocks: number): Promise<void> {
    if (!Number.isSafeInteger(blocks) || blocks < 1 || blocks > MAX_MINED_BLOCKS) {
      throw new QuernError('MINE_RANGE', `blocks to mine must be between 1 and ${MAX_MINED_BLOCKS}`, { blocks })
    }
    return this.#inTurn.run(() => this.#mine(blocks))
  }

  increaseTime(byMs: number): number {
    return this.#modules.clock.advance(byMs)
  }

  setNextBlockTimestamp(timestampMs: number): void {
    const earliestMs = this.#modules.current.api.latest().timestampMs
    if (timestampMs <= earliestMs) {
      throw new QuernError('TIMESTAMP_PAST', 'the next block must be dated after the newest one', {
        timestampMs,
        earliestMs,
      })
    }
    for (const node of this.#modules.cluster.validators) node.setNextTimestamp(timestampMs)
    this.#nextTimestampMs = timestampMs
  }

  snapshot(): Promise<number> {
    return this.#inTurn.run(async () => {
      if (this.#snapshots.length >= MAX_SNAPSHOTS) {
        throw new QuernError(
          'SNAPSHOT_LIMIT',
          `at most ${MAX_SNAPSHOTS} snapshots: revert to one, or restart the devnet`,
        )
      }
      const snapshot = await this.#faults.run(() => this.#modules.cluster.snapshot())
      this.#restarted()
      this.#snapshots.push(snapshot)
      return snapshot.id
    })
  }

  revert(id: number): Promise<boolean> {
    return this.#inTurn.run(async () => {
      const at = this.#snapshots.findIndex((snapshot) => snapshot.id === id)
      const snapshot = this.#snapshots[at]
      if (snapshot === undefined) return false
      const { cluster } = this.#modules
      const usedUp = this.#snapshots.splice(at)
      await this.#faults.run(() => cluster.restore(snapshot))
      this.#restarted()
      for (const used of usedUp) cluster.discard(used)
      return true
    })
  }

  partition(groups: Groups): Promise<void> {
    return this.#faults.run(() => this.#modules.cluster.partition(groups))
  }

  heal(): Promise<void> {
    return this.#faults.run(() => this.#modules.cluster.heal())
  }

  killValidator(index: number): Promise<void> {
    return this.#faults.run(() => this.#modules.cluster.kill(index))
  }

  restartValidator(index: number): Promise<void> {
    return this.#faults.run(() => this.#modules.cluster.restart(index))
  }

  nodes(): readonly DevNode[] {
    return this.#modules.cluster.nodes()
  }

  /** The nodes are new ones, which were told nothing yet. */
  #restarted(): void {
    this.#modules.current.replace(this.#modules.cluster.entry)
    this.#nextTimestampMs = 0
  }

  /** What a client sent before it asked for a block is on its way to the validators: whoever mines expects it in there. */
  async #spread(): Promise<readonly Uint8Array[]> {
    const { cluster, current } = this.#modules
    const waiting = [...current.api.pool().entries()].slice(0, MAX_AWAITED_TRANSACTIONS)
    const until = Date.now() + SPREAD_MS
    const isEverywhere = () =>
      waiting.every(({ transaction: { hash } }) => cluster.validators.every((node) => isKnown(node, hash)))
    while (!isEverywhere() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, SPREAD_POLL_MS))
    return waiting.filter(({ status }) => status === 'pending').map(({ transaction }) => transaction.hash)
  }

  async #mine(blocks: number): Promise<void> {
    const { cluster, current, clock } = this.#modules
    const tip = () => current.api.latest()
    const newBlock = (isMet: () => boolean) => eventually(current.api, isMet, 'no new block')
    const sent = await this.#spread()
    const isLeftOut = () => sent.some((hash) => current.api.pool().get(hash) !== undefined)
    // A block under way at this moment does not count: it was dated and filled as things stood before.
    const fromMs = this.#nextTimestampMs > tip().timestampMs ? this.#nextTimestampMs : clock.nowMs()
    for (const node of cluster.validators) node.setLifted(true)
    try {
      await newBlock(() => tip().timestampMs >= fromMs)
      const target = tip().height + blocks - 1
      // The patience is for one block: a long run of them takes as long as it takes.
      for (let { height } = tip(); height < target; height = tip().height) {
        await newBlock(() => tip().height > height)
      }
      // The last of them may have been filled before the transactions came.
      for (let more = 0; more < MAX_MORE_BLOCKS && isLeftOut(); more++) {
        const { height } = tip()
        await newBlock(() => tip().height > height)
      }
    } finally {
      for (const node of cluster.validators) node.setLifted(false)
    }
  }
}
