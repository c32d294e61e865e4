/** One block with one transfer, as the examples of several methods show it. */
import type { BlockJson } from './block.ts'
import type { ReceiptJson } from './receipt.ts'
import type { TransactionJson } from './transaction.ts'

const hash = '0x5e0991b787d00fb4efa184e31f50158675ef614d56d98c96170d36c4a0ecea47'
const blockHash = '0x2b5aab9f53f8a8d1b2cf4ec6a2a5d6c4f1f0b9a88776655443322110ffeeddcc'
const from = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const to = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const zeroBytes = (count: number) => `0x${'00'.repeat(count)}`
const someHash = (digits: string) => `0x${digits.repeat(32)}`

export const exampleTransaction: TransactionJson = {
  blockHash,
  blockNumber: '0x2',
  transactionIndex: '0x0',
  hash,
  type: '0x2',
  chainId: '0x6644',
  nonce: '0x0',
  from,
  to,
  value: '0xde0b6b3a7640000',
  gas: '0x5208',
  gasPrice: '0xbb8',
  maxFeePerGas: '0x2710',
  maxPriorityFeePerGas: '0x7d0',
  input: '0x',
  accessList: [],
  yParity: '0x1',
  v: '0x1',
  r: '0x3b9aca00f1e2d3c4b5a697887766554433221100ffeeddccbbaa998877665544',
  s: '0x1f9aca00f1e2d3c4b5a697887766554433221100ffeeddccbbaa998877665544',
}

export const examplePending: TransactionJson = {
  ...exampleTransaction,
  blockHash: null,
  blockNumber: null,
  transactionIndex: null,
  nonce: '0x1',
}

export const exampleReceipt: ReceiptJson = {
  transactionHash: hash,
  transactionIndex: '0x0',
  blockHash,
  blockNumber: '0x2',
  from,
  to,
  type: '0x2',
  status: '0x1',
  gasUsed: '0x5208',
  cumulativeGasUsed: '0x5208',
  effectiveGasPrice: '0xbb8',
  contractAddress: null,
  logs: [],
  logsBloom: zeroBytes(256),
}

export const exampleBlock: BlockJson = {
  number: '0x2',
  hash: blockHash,
  parentHash: someHash('1a'),
  nonce: zeroBytes(8),
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  logsBloom: zeroBytes(256),
  transactionsRoot: someHash('2b'),
  stateRoot: someHash('3c'),
  receiptsRoot: someHash('4d'),
  miner: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC',
  difficulty: '0x0',
  totalDifficulty: '0x0',
  extraData: '0x',
  size: '0x33d',
  gasLimit: '0xe4e1c00',
  gasUsed: '0x5208',
  timestamp: '0x6553f101',
  timestampMs: '0x18bcfe56be8',
  baseFeePerGas: '0x3e8',
  mixHash: zeroBytes(32),
  uncles: [],
  transactions: [hash],
}
