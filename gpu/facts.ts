/** What the chain says about a worker's earnings, for its screen, its metrics and its checks; in one round of questions. */
import { type Address, toHex } from '../core/bytes.ts'
import type { JsonObject, RpcCall } from './json-rpc.ts'
import { readDecimal, readNumber, readObject, readQuantity } from './rpc-answers.ts'

/** The parameters that earnings follow from; they never change on a chain. */
export interface RewardParams {
  readonly epochBlocks: number
  readonly targetResultsPerBlock: number
  readonly matrixSizes: readonly number[]
  /** E0: block emission before the first halving. */
  readonly emissionWei: bigint
  readonly halvingBlocks: number
  readonly workerShareBps: number
}

export interface EpochFacts {
  readonly epoch: number
  readonly lastHeight: number
  readonly firstHeight: number
  readonly difficultyMacs: bigint
  /** Verified so far, of all workers. */
  readonly workMacs: bigint
  readonly results: number
  /** To be shared at the epoch's end, so far. */
  readonly poolWei: bigint
}

export interface ChainFacts {
  readonly network: string
  readonly chainId: number
  readonly height: number
  readonly finalizedHeight: number
  /** Of the newest block. */
  readonly timestampMs: number
  /** Mean of the last blocks. */
  readonly blockMs: number
  readonly syncing: boolean
  readonly epoch: EpochFacts
  readonly params: RewardParams
  /** The worker's own. */
  readonly balanceWei: bigint
  readonly paidWei: bigint
  readonly epochWorkMacs: bigint
  /** Of one short question. */
  readonly latencyMs: number
}

/** The block time is taken over this many. */
const BLOCKS_SAMPLED = 32

const bigintOf = (value: unknown, what: string): bigint => readDecimal(value, `chain_getGenesis ${what}`)

async function readParams(call: RpcCall, signal?: AbortSignal): Promise<RewardParams> {
  const { genesis } = readObject(await call('chain_getGenesis', [], signal), 'chain_getGenesis')
  const params = readObject(readObject(genesis, 'chain_getGenesis genesis').params, 'chain_getGenesis params')
  const count = (name: string): number => readNumber(params[name], `chain_getGenesis ${name}`)
  const sizes = Array.isArray(params.matrix_sizes) ? params.matrix_sizes : []
  return {
    epochBlocks: count('epoch_blocks'),
    targetResultsPerBlock: count('target_results_per_block'),
    matrixSizes: sizes.map((size) => readNumber(size, 'chain_getGenesis matrix_sizes')),
    emissionWei: bigintOf(params.emission_wei, 'emission_wei'),
    halvingBlocks: count('halving_blocks'),
    workerShareBps: count('worker_share_bps'),
  }
}

function readEpoch(value: unknown): EpochFacts {
  const epoch = readObject(value, 'poc_getEpoch')
  const count = (name: string): number => readNumber(epoch[name], `poc_getEpoch ${name}`)
  return {
    epoch: count('epoch'),
    firstHeight: count('first_height'),
    lastHeight: count('last_height'),
    difficultyMacs: readDecimal(epoch.difficulty, 'poc_getEpoch difficulty'),
    workMacs: readDecimal(epoch.work_macs, 'poc_getEpoch work_macs'),
    results: count('results'),
    poolWei: readDecimal(epoch.pool, 'poc_getEpoch pool'),
  }
}

/** An address that never had a result is unknown to the chain. */
function readWorker(value: unknown): Pick<ChainFacts, 'paidWei' | 'epochWorkMacs'> {
  if (value === null) return { paidWei: 0n, epochWorkMacs: 0n }
  const worker = readObject(value, 'poc_getWorker')
  return {
    paidWei: readDecimal(worker.paid, 'poc_getWorker paid'),
    epochWorkMacs: readDecimal(worker.epoch_work_macs, 'poc_getWorker epoch_work_macs'),
  }
}

const timestampOf = (header: unknown): number =>
  readNumber(readObject(header, 'chain_getHeader').timestamp_ms, 'chain_getHeader timestamp_ms')

async function readBlockMs(call: RpcCall, status: JsonObject, signal?: AbortSignal): Promise<number> {
  const height = readNumber(status.height, 'chain_getStatus height')
  // Genesis may be much older than block 1.
  const from = Math.max(1, height - BLOCKS_SAMPLED)
  if (from >= height) return 0
  const first = timestampOf(await call('chain_getHeader', [from], signal))
  return (readNumber(status.timestamp_ms, 'chain_getStatus timestamp_ms') - first) / (height - from)
}

/** One node's view; it keeps the parameters. @param call as `jsonRpc` makes it, whose errors are passed on */
export function factsReader(call: RpcCall): (address: Address, signal?: AbortSignal) => Promise<ChainFacts> {
  let params: Promise<RewardParams> | undefined
  return async (address, signal) => {
    const startMs = performance.now()
    const status = readObject(await call('chain_getStatus', [], signal), 'chain_getStatus')
    const latencyMs = performance.now() - startMs
    const account = toHex(address)
    params ??= readParams(call, signal).catch((error: unknown) => {
      params = undefined
      throw error
    })
    const [rewards, blockMs, epoch, worker, balance] = await Promise.all([
      params,
      readBlockMs(call, status, signal),
      call('poc_getEpoch', [], signal),
      call('poc_getWorker', [account], signal),
      call('eth_getBalance', [account, 'latest'], signal),
    ])
    return {
      network: typeof status.network === 'string' ? status.network : '',
      chainId: readNumber(status.chain_id, 'chain_getStatus chain_id'),
      height: readNumber(status.height, 'chain_getStatus height'),
      finalizedHeight: readNumber(status.finalized_height, 'chain_getStatus finalized_height'),
      timestampMs: readNumber(status.timestamp_ms, 'chain_getStatus timestamp_ms'),
      blockMs,
      syncing: status.syncing === true,
      epoch: readEpoch(epoch),
      params: rewards,
      ...readWorker(worker),
      balanceWei: readQuantity(balance, 'eth_getBalance'),
      latencyMs,
    }
  }
}
