/** Small states and blocks for the tests of the compute rules. */
import { type Address, type Hash, hexKey, u64be, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { ActionContext, BlockContext, TileKernel } from '../execution/types.ts'
import { type ChainParams, DIFFICULTY_FLOOR_MACS, PRESETS } from '../params.ts'
import { type Epoch, epochs, recentBlocks } from '../state/tables.ts'
import { StateView } from '../state/view.ts'
import type { Action } from '../transaction/types.ts'
import { foldTile } from './fold.ts'
import { matrixKeys } from './matrix.ts'
import { computeSeed } from './seed.ts'
import { packNonce, type TileRef, targetOf, taskIdOf, ticketOf, tileCount, wins } from './ticket.ts'
import { referenceKernel } from './tile.ts'
import { ticketOfTile } from './verify.ts'

/** The easiest lottery: at n = 256 one tile in 64 wins. */
export const EASY_PARAMS: ChainParams = { ...PRESETS.devnet, genesisDifficultyMacs: DIFFICULTY_FLOOR_MACS }

export const testAddress = (label: number): Address => sha256(u64be(label)).slice(0, 20)
export const testBlockHash = (height: number): Hash => sha256(u64be(height), Uint8Array.of(1))

export const EMPTY_EPOCH: Epoch = {
  difficultyMacs: DIFFICULTY_FLOOR_MACS,
  workMacs: 0n,
  results: 0,
  workers: 0,
  poolWei: 0n,
  randomness: new Uint8Array(32),
}

/** A state kept as a plain map, block after block. */
export class MapState {
  readonly #records = new Map<string, Uint8Array>()

  get size(): number {
    return this.#records.size
  }

  view(): StateView {
    return new StateView({ get: (treeKey) => this.#records.get(hexKey(treeKey)) })
  }

  /** Runs `block` and keeps what it wrote; the supply equation is asserted. */
  block<T>(block: (state: StateView) => T): T {
    const state = this.view()
    const answer = block(state)
    for (const { treeKey, value } of state.finish()) {
      if (value === undefined) this.#records.delete(hexKey(treeKey))
      else this.#records.set(hexKey(treeKey), value)
    }
    return answer
  }
}

/** A state at `height` with the block hashes of the window and the records of the epochs. */
export function chainAt(height: number, params: ChainParams, epoch: number): MapState {
  const chain = new MapState()
  chain.block((state) => {
    for (let h = Math.max(0, height - params.laneWindowBlocks); h < height; h++) {
      state.set(recentBlocks, h, { hash: testBlockHash(h), seqCommit: new Uint8Array(32), timestampMs: h })
    }
    for (let e = 0; e <= epoch; e++) state.set(epochs, e, EMPTY_EPOCH)
  })
  return chain
}

const blockAt = (height: number, params: ChainParams): BlockContext => ({
  height,
  epoch: Math.floor((height - 1) / params.epochBlocks),
  view: height,
  timestampMs: height,
  proposer: testAddress(0),
  randomnessReveal: new Uint8Array(96),
  baseFeePerGas: params.baseFeeFloorWei,
  parent: {
    hash: testBlockHash(height - 1),
    height: height - 1,
    epoch: 0,
    view: height - 1,
    timestampMs: height - 1,
    proposer: testAddress(0),
    seqCommit: new Uint8Array(32),
  },
  parentSigners: [],
})

export const actionContext = (
  state: StateView,
  height: number,
  sender: Address,
  params: ChainParams = EASY_PARAMS,
): ActionContext => ({
  state,
  block: blockAt(height, params),
  rules: { params, genesisHash: ZERO_HASH, kernel: referenceKernel, bls: { verify: () => true } },
  sender,
  nonce: 0,
  gram: { limit: 0, price: 0n, used: 0 },
  set: { epoch: 0, members: [] },
})

export type SubmitResult = Extract<Action, { kind: 'SUBMIT_RESULT' }>

export interface Search {
  readonly worker: Address
  readonly seedHeight: number
  /** Hash of the block at that height; default: that of `chainAt`. */
  readonly seedHash?: Hash
  readonly n?: number
  readonly difficultyMacs?: bigint
  /** Winners to pass over. */
  readonly skip?: number
  /** Look for a losing tile instead. */
  readonly losing?: boolean
  readonly kernel?: TileKernel
}

/** The first tile, in order of attempt and tile, that wins (or loses). */
export function findSubmission(search: Search): SubmitResult {
  const { worker, seedHeight, n = 256, difficultyMacs = DIFFICULTY_FLOOR_MACS, losing = false } = search
  const { seedHash = testBlockHash(seedHeight), kernel = referenceKernel } = search
  const seed = computeSeed(seedHash, worker)
  const target = targetOf(n, difficultyMacs)
  let skip = search.skip ?? 0
  for (let index = 0; ; index++) {
    const ref: TileRef = { attempt: Math.floor(index / tileCount(n)), tile: index % tileCount(n) }
    const ticket = ticketOfTile(kernel, seed, n, ref)
    if (wins(ticket, target) === losing || skip-- > 0) continue
    return {
      kind: 'SUBMIT_RESULT',
      challengeType: 'synthetic',
      seedHeight,
      matrixSize: n,
      result: {
        taskId: taskIdOf(seed, n, ref.attempt),
        workerAddress: worker,
        resultHash: ticket,
        proof: undefined,
        nonce: packNonce(ref),
        signature: undefined,
      },
    }
  }
}

/** The same tile by the definition alone: whole rows and columns, one multiply-accumulate at a time. */
export function naiveTicket(seed: Hash, n: number, ref: TileRef, rowsOf: (key: Hash) => Int8Array): Hash {
  const { keyA, keyB } = matrixKeys(seed, n, ref.attempt)
  const a = rowsOf(keyA)
  const b = rowsOf(keyB)
  const side = n / 16
  const tile = new Int32Array(256)
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      let sum = 0
      const row = (Math.floor(ref.tile / side) * 16 + i) * n
      const column = ((ref.tile % side) * 16 + j) * n
      for (let k = 0; k < n; k++) sum = (sum + Math.imul(a[row + k]!, b[column + k]!)) | 0
      tile[16 * i + j] = sum
    }
  }
  return ticketOf(seed, n, ref, foldTile(tile))
}
