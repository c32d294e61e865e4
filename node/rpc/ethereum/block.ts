/**
 * Blocks as Ethereum clients read them: every key that strict parsers want, neutral where this chain has no such thing,
 * and `timestampMs` besides. `miner` is the proposer; the roots are ours and are not Merkle-Patricia roots. PROTOCOL 12.
 */

import { blockSize } from '../../../consensus/block.ts'
import type { Header } from '../../../consensus/types.ts'
import type { Hash, Hex } from '../../../core/bytes.ts'
import type { ExecutedBlock } from '../../api.ts'
import { type Static, Type } from '../method.ts'
import { address, Data, data, Hash32, HexAddress, Quantity, quantity } from '../schema.ts'
import { type TransactionJson, TransactionObject, type TransactionPlace, transactionJson } from './transaction.ts'

/** 2,048 zero bits: there are no logs. */
export const EMPTY_BLOOM: Hex = `0x${'00'.repeat(256)}`
/** keccak256(rlp([])): Ethereum's "no uncles". */
const NO_UNCLES: Hex = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'
const ZERO_WORD: Hex = `0x${'00'.repeat(32)}`

const headerFields = {
  number: Quantity,
  hash: Hash32,
  parentHash: Hash32,
  nonce: Data,
  sha3Uncles: Hash32,
  logsBloom: Data,
  transactionsRoot: Hash32,
  stateRoot: Hash32,
  receiptsRoot: Hash32,
  miner: HexAddress,
  difficulty: Quantity,
  extraData: Data,
  gasLimit: Quantity,
  gasUsed: Quantity,
  timestamp: Quantity,
  timestampMs: Quantity,
  baseFeePerGas: Quantity,
  mixHash: Hash32,
}

/** What `newHeads` sends. */
export const HeadObject = Type.Object(headerFields, { additionalProperties: false })
export const BlockObject = Type.Object(
  {
    ...headerFields,
    totalDifficulty: Quantity,
    size: Quantity,
    uncles: Type.Array(Hash32, { maxItems: 0 }),
    transactions: Type.Union([Type.Array(Hash32), Type.Array(TransactionObject)]),
  },
  { additionalProperties: false },
)
export type HeadJson = Static<typeof HeadObject>
export type BlockJson = Static<typeof BlockObject>

export const headJson = (header: Header, hash: Hash): HeadJson => ({
  number: quantity(header.height),
  hash: data(hash),
  parentHash: data(header.parentHash),
  nonce: '0x0000000000000000',
  sha3Uncles: NO_UNCLES,
  logsBloom: EMPTY_BLOOM,
  transactionsRoot: data(header.txRoot),
  stateRoot: data(header.stateRoot),
  receiptsRoot: data(header.receiptRoot),
  miner: address(header.proposer),
  difficulty: '0x0',
  extraData: data(header.extraData),
  gasLimit: quantity(header.gasLimit),
  gasUsed: quantity(header.gasUsed + header.gramUsed),
  timestamp: quantity(Math.floor(header.timestampMs / 1000)),
  timestampMs: quantity(header.timestampMs),
  baseFeePerGas: quantity(header.baseFeePerGas),
  mixHash: ZERO_WORD,
})

export const placeOf = ({ block }: ExecutedBlock, index: number): TransactionPlace => ({
  blockHash: block.hash,
  height: block.header.height,
  index,
  baseFeePerGas: block.header.baseFeePerGas,
})

/** Null when the block or the place in it does not exist. */
export function transactionAt(executed: ExecutedBlock | undefined, index: number): TransactionJson | null {
  const transaction = executed?.transactions[index]
  return executed === undefined || transaction === undefined
    ? null
    : transactionJson(transaction, placeOf(executed, index))
}

/** @param full whole transactions instead of their hashes */
export function blockJson(executed: ExecutedBlock, full: boolean): BlockJson {
  const { block, transactions } = executed
  return {
    ...headJson(block.header, block.hash),
    totalDifficulty: '0x0',
    size: quantity(blockSize(block)),
    uncles: [],
    transactions: full
      ? transactions.map((transaction, index) => transactionJson(transaction, placeOf(executed, index)))
      : transactions.map((transaction) => data(transaction.hash)),
  }
}
