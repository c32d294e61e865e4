/** Chain parameters in genesis.json: names in snake_case, amounts as decimal strings, each within bounds. PROTOCOL 11. */
import { formatAddress } from '../../core/address.ts'
import { fromHex, toHex } from '../../core/bytes.ts'
import { type ChainParams, DIFFICULTY_FLOOR_MACS, type NetworkName } from '../params.ts'
import { CHUNK_ENTRIES, MAX_CANDIDATES } from '../state/tables.ts'
import {
  genesisError,
  MAX_WEI,
  readAddress,
  readArray,
  readBigInt,
  readBytes,
  readInteger,
  readObject,
} from './fields.ts'

type KeysOf<T> = { [K in keyof ChainParams]-?: ChainParams[K] extends T ? K : never }[keyof ChainParams]
type NumberKey = Exclude<KeysOf<number>, 'chainId'>
type AmountKey = KeysOf<bigint>

const BPS = [0, 10_000] as const
/** Ten minutes: longer waits are a mistake in the unit. */
const MILLISECONDS = [1, 600_000] as const

/** Least and greatest value. Outside them a rule would divide by zero, never apply, or cost unbounded work. */
const NUMBERS: Readonly<Record<NumberKey, readonly [min: number, max: number]>> = {
  blockIntervalMs: MILLISECONDS,
  networkDelayMs: MILLISECONDS,
  maxClockDriftMs: [0, 600_000],
  epochBlocks: [4, 1_000_000],
  seedWindowBlocks: [2, 500_000],
  // The dearest kind, SUBMIT_EVIDENCE, must fit under the target of half a block.
  gasLimit: [1_600_000, 10_000_000_000],
  gramLimit: [0, 1_000_000_000],
  laneWindowBlocks: [2, 10_000_000],
  maxLanesPerBlock: [0, 10_000],
  halvingBlocks: [1, Number.MAX_SAFE_INTEGER],
  kappaBps: BPS,
  maxValidators: [1, MAX_CANDIDATES],
  // A set is fixed two epochs ahead, so stake may leave in an epoch and still vote in the next; one more is for evidence.
  unbondingEpochs: [3, 10_000],
  missedViewsBps: [1, 10_000],
  missedViewsMin: [1, 1_000_000],
  jailEpochs: [0, 1_000_000],
  commissionCapBps: BPS,
  commissionMaxStepBps: BPS,
  targetResultsPerBlock: [1, CHUNK_ENTRIES],
  // A block pays one chunk of workers: with more new ones than that in each, the queue would never end.
  maxResultsPerBlock: [1, CHUNK_ENTRIES],
  slashEquivocationBps: BPS,
  slashDowntimeBps: BPS,
  workerShareBps: BPS,
  voterShareBps: BPS,
  leaderShareBps: BPS,
}

const AMOUNTS: Readonly<Record<AmountKey, readonly [min: bigint, max: bigint]>> = {
  baseFeeFloorWei: [1n, 1n << 64n],
  emissionWei: [0n, 1n << 96n],
  minStakeWei: [1n, MAX_WEI],
  minDelegationWei: [1n, MAX_WEI],
  genesisDifficultyMacs: [DIFFICULTY_FLOOR_MACS, 1n << 128n],
}

/** Workers that one epoch change may have to pay; mainnet's 1,800 * 64 fit. It takes seconds then, more would take minutes. */
const MAX_EPOCH_RESULTS = 131_072

/**
 * Places for results in a block for each that the difficulty aims at: full blocks must be able to show that there is four times
 * the work, a whole step of the retarget. With as many as the target, difficulty could never rise.
 */
const MIN_RESULT_PLACES = 4

/** A tile index takes 20 bits of the nonce: (n / 16)^2 <= 2^20. */
const MAX_MATRIX_SIZE = 16_384
const MIN_MATRIX_SIZE = 16

const NUMBER_KEYS = Object.keys(NUMBERS) as NumberKey[]
const AMOUNT_KEYS = Object.keys(AMOUNTS) as AmountKey[]
const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const REQUIRED = [...NUMBER_KEYS, ...AMOUNT_KEYS, 'matrixSizes'].map(snake)

/** Whoever holds these keys makes money or proofs out of nothing. */
const DEVNET_KEYS = ['dev_authority', 'dev_proof_key']

export type ParamsJson = Readonly<Record<string, number | string | readonly number[]>>

/** In a fixed order of keys, so that equal parameters give equal text. `chainId` stands outside, as `chain_id`. */
export function paramsJson(params: ChainParams): ParamsJson {
  const json: Record<string, number | string | readonly number[]> = {}
  for (const key of NUMBER_KEYS) json[snake(key)] = params[key]
  for (const key of AMOUNT_KEYS) json[snake(key)] = params[key].toString()
  json.matrix_sizes = params.matrixSizes
  if (params.devAuthority !== undefined) json.dev_authority = formatAddress(fromHex(params.devAuthority))
  if (params.devProofKey !== undefined) json.dev_proof_key = toHex(fromHex(params.devProofKey))
  return json
}

function readMatrixSizes(value: unknown): readonly number[] {
  const path = 'params.matrix_sizes'
  const sizes = readArray(value, path).map((size) => readInteger(size, path, MIN_MATRIX_SIZE, MAX_MATRIX_SIZE))
  const isAscending = sizes.every((size, i) => i === 0 || size > sizes[i - 1]!)
  const arePowers = sizes.every((size) => (size & (size - 1)) === 0)
  if (sizes.length === 0 || !isAscending || !arePowers) {
    throw genesisError('GENESIS_PARAM', path, 'must be ascending powers of two')
  }
  return sizes
}

/** Bounds between parameters. */
function checkParams(params: ChainParams): void {
  const wrong = (key: keyof ChainParams, why: string): Error =>
    genesisError('GENESIS_PARAM', `params.${snake(key)}`, why)
  if (params.seedWindowBlocks * 2 > params.epochBlocks) throw wrong('seedWindowBlocks', 'must be at most half an epoch')
  if (params.laneWindowBlocks < params.seedWindowBlocks) throw wrong('laneWindowBlocks', 'must reach the seed window')
  if (params.targetResultsPerBlock * MIN_RESULT_PLACES > params.maxResultsPerBlock) {
    throw wrong('targetResultsPerBlock', `must be at most 1/${MIN_RESULT_PLACES} of max_results_per_block`)
  }
  if (params.epochBlocks * params.maxResultsPerBlock > MAX_EPOCH_RESULTS) {
    throw wrong('epochBlocks', `times max_results_per_block must be at most ${MAX_EPOCH_RESULTS}`)
  }
  if (params.workerShareBps + params.voterShareBps + params.leaderShareBps !== 10_000) {
    throw wrong('workerShareBps', 'and the two other shares must sum to 10000')
  }
}

/** @throws QuernError GenesisErrorCode */
export function readParams(value: unknown, chainId: number, network: NetworkName): ChainParams {
  const json = readObject(value, 'params', REQUIRED, DEVNET_KEYS)
  const numbers = {} as Record<NumberKey, number>
  for (const key of NUMBER_KEYS) {
    const name = snake(key)
    numbers[key] = readInteger(json[name], `params.${name}`, ...NUMBERS[key])
  }
  const amounts = {} as Record<AmountKey, bigint>
  for (const key of AMOUNT_KEYS) {
    const name = snake(key)
    amounts[key] = readBigInt(json[name], `params.${name}`, ...AMOUNTS[key])
  }
  const params: ChainParams = { ...numbers, ...amounts, chainId, matrixSizes: readMatrixSizes(json.matrix_sizes) }
  checkParams(params)
  const { dev_authority: authority, dev_proof_key: proofKey } = json
  const given = DEVNET_KEYS.find((key) => json[key] !== undefined)
  if (given !== undefined && network !== 'devnet') {
    throw genesisError('GENESIS_PARAM', `params.${given}`, 'is for devnets only: remove it')
  }
  return {
    ...params,
    ...(authority === undefined ? {} : { devAuthority: toHex(readAddress(authority, 'params.dev_authority')) }),
    ...(proofKey === undefined ? {} : { devProofKey: toHex(readBytes(proofKey, 'params.dev_proof_key', 32)) }),
  }
}
