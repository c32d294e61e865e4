/** What only a devnet can do: the hands behind the `dev_`, `evm_` and `anvil_` methods. */
import { type Address, toHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { DevControls } from '../node/api.ts'
import type { ChainNode } from '../node/chain-node.ts'
import type { SystemClock } from '../node/clock.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { Action } from '../vm/transaction/types.ts'
import type { Cluster, ClusterSnapshot } from './cluster.ts'
import type { CurrentNode } from './current-node.ts'
import type { AccountKey } from './keys.ts'

/** Each keeps a copy of every store's logs, and the table files that would have been deleted. */
export const MAX_SNAPSHOTS = 16
/** A devnet makes hundreds of blocks in this time; longer means that it has stopped. */
const PATIENCE_MS = 30_000
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
}

export class Controls implements DevControls {
  readonly accounts: readonly AccountKey[]
  readonly #modules: ControlModules
  /** Oldest first. */
  #snapshots: ClusterSnapshot[] = []
  /** What the next block was told to be dated; of the past once the tip is. */
  #nextTimestampMs = 0
  /** One change of the network at a time: their effects on each other would be nobody's intention. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(modules: ControlModules) {
    this.#modules = modules
    this.accounts = modules.accounts
  }

  async setBalance(account: Address, balanceWei: bigint): Promise<void> {
    await this.#inTurn(() => this.#send({ kind: 'DEV_SET_BALANCE', account, balance: balanceWei }))
  }

  fund(account: Address, amountWei: bigint): Promise<Uint8Array> {
    return this.#inTurn(() => this.#send({ kind: 'TRANSFER', to: account, value: amountWei, memo: new Uint8Array(0) }))
  }

  mine(blocks: number): Promise<void> {
    if (!Number.isSafeInteger(blocks) || blocks < 1 || blocks > MAX_MINED_BLOCKS) {
      throw new QuernError('MINE_RANGE', `blocks to mine must be between 1 and ${MAX_MINED_BLOCKS}`, { blocks })
    }
    return this.#inTurn(() => this.#mine(blocks))
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
    return this.#inTurn(async () => {
      if (this.#snapshots.length >= MAX_SNAPSHOTS) {
        throw new QuernError(
          'SNAPSHOT_LIMIT',
          `at most ${MAX_SNAPSHOTS} snapshots: revert to one, or restart the devnet`,
        )
      }
      const snapshot = await this.#modules.cluster.snapshot()
      this.#restarted()
      this.#snapshots.push(snapshot)
      return snapshot.id
    })
  }

  revert(id: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const at = this.#snapshots.findIndex((snapshot) => snapshot.id === id)
      const snapshot = this.#snapshots[at]
      if (snapshot === undefined) return false
      const { cluster } = this.#modules
      const usedUp = this.#snapshots.splice(at)
      await cluster.restore(snapshot)
      this.#restarted()
      for (const used of usedUp) cluster.discard(used)
      return true
    })
  }

  /** The nodes are new ones, which were told nothing yet. */
  #restarted(): void {
    this.#modules.current.replace(this.#modules.cluster.entry)
    this.#nextTimestampMs = 0
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
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
    const sent = await this.#spread()
    const isLeftOut = () => sent.some((hash) => current.api.pool().get(hash) !== undefined)
    // A block under way at this moment does not count: it was dated and filled as things stood before.
    const fromMs = this.#nextTimestampMs > tip().timestampMs ? this.#nextTimestampMs : clock.nowMs()
    for (const node of cluster.validators) node.setLifted(true)
    try {
      await this.#until(() => tip().timestampMs >= fromMs, 'no new block')
      const target = tip().height + blocks - 1
      // The patience is for one block: a long run of them takes as long as it takes.
      for (let { height } = tip(); height < target; height = tip().height) {
        await this.#until(() => tip().height > height, 'no new block')
      }
      // The last of them may have been filled before the transactions came.
      for (let more = 0; more < MAX_MORE_BLOCKS && isLeftOut(); more++) {
        const { height } = tip()
        await this.#until(() => tip().height > height, 'no new block')
      }
    } finally {
      for (const node of cluster.validators) node.setLifted(false)
    }
  }

  async #send(action: Action): Promise<Uint8Array> {
    const { current, authority } = this.#modules
    const { api } = current
    const { chainId } = api.genesis.params
    const nonce = api.pool().pendingNonce(authority.address)
    // Twice today's price outlasts a few full blocks.
    const fees = { maxPriorityFeePerGas: 1n, maxFeePerGas: 2n * api.nextBaseFee() + 1n }
    const sent = await api.submit(signNative({ chainId, nonce, ...fees, action }, authority.privateKey))
    if (!sent.ok) throw new QuernError(sent.error.code, sent.error.message, sent.error.meta)
    const hash = sent.value
    await this.#until(() => api.transactionByHash(hash) !== undefined, `${action.kind} ${toHex(hash)} in no block`)
    return hash
  }

  /** Looks after every event, so that it answers with the block that made it true. */
  #until(isMet: () => boolean, what: string): Promise<void> {
    if (isMet()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const end = (): void => {
        unsubscribe()
        clearTimeout(timer)
      }
      const unsubscribe = this.#modules.current.api.subscribe(() => {
        if (!isMet()) return
        end()
        resolve()
      })
      const timer = setTimeout(() => {
        end()
        reject(new QuernError('DEVNET_STALLED', `${what} after ${PATIENCE_MS / 1000} s: the devnet makes no progress`))
      }, PATIENCE_MS)
    })
  }
}
