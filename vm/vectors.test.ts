/** Formats of the state machine, pinned: a digest that changes here is a new version of the protocol. */
import { expect, test } from 'vitest'
import { fromHex, hexKey } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { computeRoot, resultJson } from './compute-root.ts'
import { decodeReceipt, encodeReceipt, receiptRoot } from './execution/receipt.ts'
import type { Receipt } from './execution/types.ts'
import { canonicalGenesis, genesisState } from './genesis.ts'
import { MemoryState } from './state/memory.ts'
import { testGenesis } from './testing/chain.ts'
import { testWallet } from './testing/wallet.ts'
import { signEip1559Transfer, signLegacyTransfer, signNative } from './transaction/sign.ts'
import { txRoot } from './transaction/tx-root.ts'
import type { Action } from './transaction/types.ts'
import vectors from './vm.vectors.json' with { type: 'json' }

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
const { privateKey } = testWallet(1)
const to = bytes(20, 0xaa)
const result = {
  taskId: bytes(16, 1),
  workerAddress: to,
  resultHash: bytes(32, 2),
  proof: undefined,
  nonce: 3,
  signature: undefined,
}
const signature = bytes(96, 4)

const ACTIONS: readonly Action[] = [
  { kind: 'TRANSFER', to, value: 10n ** 18n, memo: bytes(3, 5) },
  { kind: 'STAKE', amount: 7n, registration: { blsPublicKey: bytes(48, 6), proofOfPossession: signature } },
  { kind: 'STAKE', amount: 7n },
  { kind: 'UNSTAKE', amount: 8n },
  {
    kind: 'UPDATE_VALIDATOR',
    name: 'мельница',
    website: 'https://x',
    description: '',
    commissionBps: 500,
    openToWorkers: true,
  },
  { kind: 'DELEGATE', validator: to, amount: 9n },
  { kind: 'UNDELEGATE', validator: to, shares: 10n },
  { kind: 'UNJAIL' },
  { kind: 'SUBMIT_RESULT', challengeType: 'synthetic', seedHeight: 11, matrixSize: 256, result },
  { kind: 'REGISTER_WORKER', validator: undefined, profile: 'cpu' },
  { kind: 'CLAIM', positions: [{ validator: to }, { validator: to, epoch: 12 }] },
  {
    kind: 'SUBMIT_EVIDENCE',
    validator: to,
    epoch: 1,
    view: 2,
    first: { type: 'finalize', blockHash: bytes(32, 7), signature },
    second: { type: 'nullify', blockHash: bytes(32, 0), signature },
  },
  { kind: 'DEV_SET_BALANCE', account: to, balance: 13n },
]

const common = { chainId: 26_180, nonce: 300, maxPriorityFeePerGas: 1n, maxFeePerGas: 2_000n }
const receipts: readonly Receipt[] = [
  { status: 1, gasUsed: 21_000, gramUsed: 0, cumulativeGasUsed: 21_000, effectiveGasPrice: 1_001n },
  {
    status: 0,
    error: 'RESULT_SEED_STALE',
    gasUsed: 80_000,
    gramUsed: 0,
    cumulativeGasUsed: 101_000,
    effectiveGasPrice: 1_001n,
  },
]

test('vm.vectors.json', () => {
  const native = ACTIONS.map((action) => signNative({ ...common, action }, privateKey))
  const ethereum = [
    signEip1559Transfer({ ...common, to, value: 5n }, privateKey),
    signLegacyTransfer({ chainId: 26_180, nonce: 300, gasPrice: 9n, to, value: 5n }, privateKey),
  ]
  const genesis = testGenesis()
  const actual = {
    transactions: [...ACTIONS.map(({ kind }) => kind), 'eip1559', 'legacy'].map((kind, i) => {
      const raw = [...native, ...ethereum][i]!
      return { kind, bytes: raw.length, sha256: hexKey(sha256(raw)) }
    }),
    shortest: hexKey(native[7]!),
    txRoot: hexKey(txRoot(native)),
    receipts: receipts.map((receipt) => hexKey(encodeReceipt(receipt))),
    receiptRoot: hexKey(receiptRoot(receipts)),
    resultJson: resultJson(result),
    computeRoot: hexKey(computeRoot([result])),
    genesis: {
      sha256: hexKey(sha256(canonicalGenesis(genesis))),
      stateRoot: hexKey(new MemoryState(genesisState(genesis)).root),
    },
  }
  expect(actual).toEqual(vectors)
  for (const [i, hex] of vectors.receipts.entries()) {
    expect(decodeReceipt(fromHex(hex))).toEqual(receipts[i])
  }
})
