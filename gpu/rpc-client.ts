/** The worker's view of a chain over JSON-RPC and HTTP. */
import { fromHex, type Hex, toHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { ChainClient, SubmissionStatus, Work } from './chain-client.ts'
import { isJsonObject, type JsonObject, jsonRpc } from './json-rpc.ts'

/** A node that needs longer is of no use to a worker: a result lives for a few blocks. */
const TIMEOUT_MS = 10_000
/** Room for the base fee to double while a result waits; what is not needed is not paid. */
const FEE_HEADROOM = 2n

const invalid = (what: string): QuernError =>
  new QuernError('RPC_ANSWER_INVALID', `the node's ${what} is malformed: is this a Quern node of this version?`)

function readObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(what)
  return value
}

function readNumber(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(what)
  return value
}

/** A 0x quantity. */
function readQuantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/.test(value)) throw invalid(what)
  return BigInt(value)
}

function readHash(value: unknown, what: string): Uint8Array {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/.test(value)) throw invalid(what)
  return fromHex(value)
}

function readWork(value: unknown): Work {
  const work = readObject(value, 'poc_getWork')
  const { difficulty, matrix_sizes: sizes } = work
  if (typeof difficulty !== 'string' || !/^[1-9][0-9]{0,77}$/.test(difficulty)) throw invalid('poc_getWork difficulty')
  if (!Array.isArray(sizes) || sizes.length === 0 || sizes.length > 32) throw invalid('poc_getWork matrix_sizes')
  return {
    height: readNumber(work.height, 'poc_getWork height'),
    blockHash: readHash(work.block_hash, 'poc_getWork block_hash'),
    epoch: readNumber(work.epoch, 'poc_getWork epoch'),
    difficultyMacs: BigInt(difficulty),
    matrixSizes: sizes.map((size) => readNumber(size, 'poc_getWork matrix_sizes')),
    expiresHeight: readNumber(work.expires_height, 'poc_getWork expires_height'),
  }
}

function readStatus(value: unknown): SubmissionStatus {
  if (value === null) return { status: 'pending' }
  const receipt = readObject(value, 'receipt')
  if (receipt.status === '0x1') return { status: 'accepted' }
  return { status: 'failed', tag: typeof receipt.error === 'string' ? receipt.error : 'UNKNOWN' }
}

/** @param url of a node's JSON-RPC port, `http://127.0.0.1:8545` for one */
export function createRpcClient(url: string): ChainClient {
  const call = jsonRpc(url, TIMEOUT_MS)
  return {
    chainId: async (signal) => Number(readQuantity(await call('eth_chainId', [], signal), 'eth_chainId')),
    getWork: async (signal) => readWork(await call('poc_getWork', [], signal)),
    pendingNonce: async (address, signal) => {
      const nonce = await call('eth_getTransactionCount', [toHex(address), 'pending'], signal)
      return Number(readQuantity(nonce, 'eth_getTransactionCount'))
    },
    fees: async (signal) => {
      const [gasPrice, tip] = await Promise.all([
        call('eth_gasPrice', [], signal),
        call('eth_maxPriorityFeePerGas', [], signal),
      ])
      const maxPriorityFeePerGas = readQuantity(tip, 'eth_maxPriorityFeePerGas')
      const maxFeePerGas = readQuantity(gasPrice, 'eth_gasPrice') * FEE_HEADROOM + maxPriorityFeePerGas
      return { maxFeePerGas, maxPriorityFeePerGas }
    },
    send: async (raw, signal) => {
      try {
        await call('eth_sendRawTransaction', [toHex(raw) satisfies Hex], signal)
      } catch (error) {
        if (!(error instanceof QuernError && error.code === 'TX_ALREADY_KNOWN')) throw error
      }
    },
    status: async (transaction, signal) =>
      readStatus(await call('eth_getTransactionReceipt', [toHex(transaction)], signal)),
  }
}
