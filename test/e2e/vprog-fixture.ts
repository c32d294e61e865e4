/** Users of covenants and lanes, who know nothing but a URL: what they send, and how they follow a lane from headers and receipts. */
import { expect } from 'vitest'
import { EMPTY_BYTES, fromHex, type Hash, toHex } from '../../core/bytes.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import { WEI_PER_GRAIN } from '../../vm/covenant/tables.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import type { KipInput, Outpoint } from '../../vm/kip/types.ts'
import { activityDigest, contextHash, laneKey, nextTip } from '../../vm/lanes/hashing.ts'
import { FINAL_SEQUENCE } from '../../vm/script/limits.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action } from '../../vm/transaction/types.ts'
import { PATIENCE, type RpcRefusal, type RpcUser } from './devnet-fixture.ts'

const CHAIN_ID = 26_180
const FEES = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
/** Of scripts without proofs. */
const PLAIN_GRAM = 20_000

export interface HeaderView {
  readonly height: number
  readonly hash: string
  readonly timestamp_ms: number
  readonly seq_commit: string
}

export const headerOf = (chain: RpcUser, ref: number | 'latest' | 'finalized'): Promise<HeaderView> =>
  chain.rpc('chain_getHeader', [ref])

export const bodyOf = (over: Partial<CovenantBody>): CovenantBody => ({
  ...{ laneId: undefined, payload: EMPTY_BYTES, lockTime: 0n, inputs: [], outputs: [] },
  ...over,
})

export const spending = (outpoint: Outpoint, signatureScript: Uint8Array): KipInput => ({
  ...{ outpoint, signatureScript, sequence: FINAL_SEQUENCE },
})

/** A transaction in a final block. */
export interface Sent {
  readonly hash: string
  readonly status: 0 | 1
  readonly height: number
  /** In its block. */
  readonly index: number
  readonly gasUsed: number
  readonly feeWei: bigint
  readonly txId: Hash
  output(index: number): Outpoint
}

export class VprogUser {
  readonly address: Uint8Array
  readonly #chain: RpcUser
  readonly #privateKey: Uint8Array
  /** Of the next transaction. */
  nonce = 0

  /** @param privateKey of an account that has sent nothing yet */
  constructor(chain: RpcUser, privateKey: Uint8Array) {
    this.#chain = chain
    this.#privateKey = privateKey
    this.address = privateKeyToAddress(privateKey)
  }

  /** Signed with the next nonce, which stays the next one. @param gram that the gas limit leaves for scripts */
  envelope(body: CovenantBody, gram = PLAIN_GRAM): Uint8Array {
    const action: Action = { kind: body.laneId === undefined ? 'COVENANT' : 'LANE', ...body }
    const gasLimit = intrinsicGas(action) + gram
    return signNative({ chainId: CHAIN_ID, nonce: this.nonce, ...FEES, gasLimit, action }, this.#privateKey)
  }

  refusal(body: CovenantBody, gram?: number): Promise<RpcRefusal> {
    return this.#chain.refusal('eth_sendRawTransaction', [toHex(this.envelope(body, gram))])
  }

  async send(body: CovenantBody, gram?: number): Promise<Sent> {
    const hash = await this.#chain.rpc<string>('eth_sendRawTransaction', [toHex(this.envelope(body, gram))])
    return this.included(hash, body)
  }

  /** What became of the next transaction. */
  async included(hash: string, body: CovenantBody): Promise<Sent> {
    const first = await this.#chain.receipt(hash)
    const isFinal = async () => (await headerOf(this.#chain, 'finalized')).height >= Number(first.blockNumber)
    await expect.poll(isFinal, PATIENCE).toBe(true)
    // Where its block was dropped, another holds it.
    const { status, blockNumber, transactionIndex, gasUsed, effectiveGasPrice } = await this.#chain.receipt(hash)
    const txId = transactionId(kipTransaction(body, this.address, this.nonce++))
    return {
      hash,
      status: Number(status) === 1 ? 1 : 0,
      height: Number(blockNumber),
      index: Number(transactionIndex),
      gasUsed: Number(gasUsed),
      feeWei: BigInt(gasUsed!) * BigInt(effectiveGasPrice!),
      txId,
      output: (index) => ({ txId, index }),
    }
  }

  balance = async (): Promise<bigint> =>
    BigInt(await this.#chain.rpc<string>('eth_getBalance', [toHex(this.address), 'latest']))
}

/** A lane's tip as a prover finds it: by the formulas, from what the lane's own transactions and the headers say. */
export class LaneFollower {
  readonly laneId: Uint8Array
  readonly key: Hash
  readonly #chain: RpcUser
  readonly #windowBlocks: number
  #tip: Hash | undefined
  #lastTouch = 0

  constructor(chain: RpcUser, laneId: Uint8Array, windowBlocks: number) {
    this.#chain = chain
    this.laneId = laneId
    this.key = laneKey(laneId)
    this.#windowBlocks = windowBlocks
  }

  get tip(): Hash {
    if (this.#tip === undefined) throw new Error('nothing has touched the lane yet')
    return this.#tip
  }

  /** The only transaction of the lane in its block, and the first since the last one that was taken. */
  async take({ height, index, txId, status }: Sent): Promise<void> {
    expect(status).toBe(1)
    const parent = await headerOf(this.#chain, height - 1)
    const isSilent = this.#tip === undefined || height - this.#lastTouch > this.#windowBlocks
    const before = isSilent ? fromHex(parent.seq_commit) : this.tip
    const context = { timestampMs: parent.timestamp_ms, daaScore: height, blueScore: height }
    const digest = activityDigest([{ txId, version: 1, mergeIndex: index }])
    this.#tip = nextTip(before, this.key, digest, contextHash(context))
    this.#lastTouch = height
  }
}

/** Every wei is somewhere, and covenants hold so many grains. */
export async function expectSupply(chain: RpcUser, height: number, outputGrains: bigint): Promise<void> {
  const supply = await chain.rpc<Record<string, string>>('chain_getSupply', [height])
  const { genesis, minted, burned, total, ...places } = Object.fromEntries(
    Object.entries(supply).map(([name, wei]) => [name, BigInt(wei)]),
  )
  expect(genesis! + minted! - burned!).toBe(total)
  expect(Object.values(places).reduce((sum, wei) => sum + wei, 0n)).toBe(total)
  expect(places.outputs).toBe(outputGrains * WEI_PER_GRAIN)
}
