/** The worker's view of a chain over JSON-RPC: questions by HTTP, new blocks by WebSocket. */
import { type Hex, toHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { ChainClient, ChainIdentity, SubmissionStatus, Work } from './chain-client.ts'
import { watchHeads } from './head-feed.ts'
import { jsonRpc } from './json-rpc.ts'
import { invalid, readDecimal, readHash, readNumber, readObject, readQuantity } from './rpc-answers.ts'

/** A node that needs longer is of no use to a worker: a result lives for a few blocks. */
const TIMEOUT_MS = 10_000
/** Room for the base fee to double while a result waits; what is not needed is not paid. */
const FEE_HEADROOM = 2n
/** A node may suggest anything, and a tip is paid in full: no more than nodes themselves ever suggest (500 gwei). */
const MAX_TIP_WEI = 500_000_000_000n

function readWork(value: unknown): Work {
  const work = readObject(value, 'poc_getWork')
  const { matrix_sizes: sizes } = work
  const difficultyMacs = readDecimal(work.difficulty, 'poc_getWork difficulty')
  if (difficultyMacs === 0n) throw invalid('poc_getWork difficulty')
  if (!Array.isArray(sizes) || sizes.length === 0 || sizes.length > 32) throw invalid('poc_getWork matrix_sizes')
  return {
    height: readNumber(work.height, 'poc_getWork height'),
    blockHash: readHash(work.block_hash, 'poc_getWork block_hash'),
    epoch: readNumber(work.epoch, 'poc_getWork epoch'),
    difficultyMacs,
    matrixSizes: sizes.map((size) => readNumber(size, 'poc_getWork matrix_sizes')),
    expiresHeight: readNumber(work.expires_height, 'poc_getWork expires_height'),
  }
}

function readStatus(value: unknown): SubmissionStatus {
  if (value === null) return { status: 'pending' }
  const receipt = readObject(value, 'receipt')
  const height = Number(readQuantity(receipt.blockNumber, 'receipt blockNumber'))
  if (receipt.status === '0x1') return { status: 'accepted', height }
  return { status: 'failed', height, tag: typeof receipt.error === 'string' ? receipt.error : 'UNKNOWN' }
}

function readIdentity(value: unknown): ChainIdentity {
  const status = readObject(value, 'chain_getStatus')
  return {
    chainId: readNumber(status.chain_id, 'chain_getStatus chain_id'),
    genesisHash: readHash(status.genesis_hash, 'chain_getStatus genesis_hash'),
  }
}

/** A node takes both on one port. */
const webSocketUrl = (url: string): string => url.replace(/^http/i, 'ws')

/** @param url of a node's JSON-RPC port, `http://127.0.0.1:8545` for one */
export function createRpcClient(url: string): ChainClient {
  const call = jsonRpc(url, TIMEOUT_MS)
  return {
    identity: async (signal) => readIdentity(await call('chain_getStatus', [], signal)),
    getWork: async (signal) => readWork(await call('poc_getWork', [], signal)),
    nonces: async (address, signal) => {
      const [included, pending] = await Promise.all(
        ['latest', 'pending'].map((block) => call('eth_getTransactionCount', [toHex(address), block], signal)),
      )
      return {
        included: Number(readQuantity(included, 'eth_getTransactionCount')),
        pending: Number(readQuantity(pending, 'eth_getTransactionCount')),
      }
    },
    fees: async (signal) => {
      const [gasPrice, tip] = await Promise.all([
        call('eth_gasPrice', [], signal),
        call('eth_maxPriorityFeePerGas', [], signal),
      ])
      const suggestedTip = readQuantity(tip, 'eth_maxPriorityFeePerGas')
      const maxPriorityFeePerGas = suggestedTip < MAX_TIP_WEI ? suggestedTip : MAX_TIP_WEI
      const nextBlockPerGas = readQuantity(gasPrice, 'eth_gasPrice')
      return {
        maxFeePerGas: nextBlockPerGas * FEE_HEADROOM + maxPriorityFeePerGas,
        maxPriorityFeePerGas,
        nextBlockPerGas,
      }
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
    watchHeads: (onHead, signal) => watchHeads(webSocketUrl(url), onHead, signal),
  }
}
