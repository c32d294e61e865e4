/** A worker that plays as many attempts as it is told to, whatever the time: its work is a number, not a rate. */
import { testKey } from '../../consensus/testing/chain.ts'
import { assert } from '../../core/errors.ts'
import type { LotteryBackend } from '../../gpu/backend.ts'
import { createReferenceBackend } from '../../gpu/reference.ts'
import { computeSeed } from '../../vm/compute/seed.ts'
import { packNonce, targetOf, taskIdOf } from '../../vm/compute/ticket.ts'
import { epochOf } from '../../vm/params.ts'
import { epochs } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action } from '../../vm/transaction/types.ts'
import type { SteppedCluster } from './stepped-cluster.ts'

const FEES = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }

/** Account number `key` of the test genesis, with its next nonce. */
export class Account {
  readonly address: Uint8Array
  readonly #cluster: SteppedCluster
  readonly #privateKey: Uint8Array
  #nonce = 0

  constructor(cluster: SteppedCluster, key: number) {
    const { owner, privateKey } = testKey(key)
    this.address = owner
    this.#cluster = cluster
    this.#privateKey = privateKey
  }

  /** @returns the code it was refused with; undefined when it waits for a block */
  async send(action: Action): Promise<string | undefined> {
    const { chainId } = this.#cluster.node.genesis.params
    const code = await this.#cluster.submit(
      signNative({ chainId, nonce: this.#nonce, ...FEES, action }, this.#privateKey),
    )
    if (code === undefined) this.#nonce++
    return code
  }
}

export class Player {
  readonly account: Account
  readonly #cluster: SteppedCluster
  readonly #matrixSize: number
  readonly #backend: LotteryBackend = createReferenceBackend()
  #attempts = 0
  /** Multiply-accumulates done. */
  doneMacs = 0
  /** Of the work that these are expected to prove: each tile wins D with probability p, apart from all others. */
  varianceMacs2 = 0

  constructor(cluster: SteppedCluster, key: number, matrixSize: number) {
    this.#cluster = cluster
    this.account = new Account(cluster, key)
    this.#matrixSize = matrixSize
  }

  /** Plays on the newest block that the next one may include results of, and sends what it wins. */
  async play(attempts: number): Promise<void> {
    const { node, height } = this.#cluster
    const seedHeight = height - 1
    const block = node.blockByHeight(seedHeight)?.block
    const state = node.stateAt(height)
    assert(block !== undefined && state !== undefined, 'no block to work on', { seedHeight })
    const record = readRecord(state, epochs, epochOf(seedHeight, node.genesis.params))
    assert(record !== undefined, 'no difficulty', { seedHeight })
    const n = this.#matrixSize
    const seed = computeSeed(block.hash, this.account.address)
    const target = targetOf(n, record.difficultyMacs)
    for (let i = 0; i < attempts; i++) {
      const attempt = this.#attempts++
      const wins = await this.#backend.attempt({ seed, n, target }, attempt)
      for (const { tile, ticket } of wins) {
        const result = {
          taskId: taskIdOf(seed, n, attempt),
          workerAddress: this.account.address,
          resultHash: ticket,
          proof: undefined,
          nonce: packNonce({ attempt, tile }),
          signature: undefined,
        }
        const action = { kind: 'SUBMIT_RESULT', challengeType: 'synthetic', seedHeight, matrixSize: n, result } as const
        const refused = await this.account.send(action)
        assert(refused === undefined, 'a win was refused', { code: refused ?? '' })
      }
    }
    const macs = attempts * n ** 3
    const difficulty = Number(record.difficultyMacs)
    this.doneMacs += macs
    this.varianceMacs2 += macs * difficulty * (1 - (256 * n) / difficulty)
  }
}
