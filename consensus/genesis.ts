/** Block 0. It has no parent, proposer, reveal or certificate; its stateRoot binds the whole genesis file. PROTOCOL 11. */
import { EMPTY_BYTES, ZERO_ADDRESS, ZERO_HASH } from '../core/bytes.ts'
import { receiptRoot } from '../vm/execution/receipt.ts'
import { type Genesis, genesisState } from '../vm/genesis.ts'
import { StateLayer } from '../vm/state/layers.ts'
import { MemoryState } from '../vm/state/memory.ts'
import { txRoot } from '../vm/transaction/tx-root.ts'
import { validatorsHash } from '../vm/validator-set.ts'
import { makeBlock } from './block.ts'
import { epochSetup } from './context.ts'
import { HEADER_VERSION } from './header.ts'
import type { Header } from './types.ts'
import type { ParentBlock } from './validate.ts'

export interface GenesisBlock extends ParentBlock {
  /** Over the empty state: its writes and tree update are what a store begins with. */
  readonly state: StateLayer
}

export function genesisBlock(genesis: Genesis): GenesisBlock {
  const { params } = genesis
  const state = new StateLayer(new MemoryState(), genesisState(genesis))
  const header: Header = {
    version: HEADER_VERSION,
    chainId: params.chainId,
    height: 0,
    epoch: 0,
    view: 0,
    parentHash: ZERO_HASH,
    timestampMs: genesis.timestampMs,
    proposer: ZERO_ADDRESS,
    txRoot: txRoot([]),
    receiptRoot: receiptRoot([]),
    stateRoot: state.root,
    computeRoot: EMPTY_BYTES,
    seqCommit: ZERO_HASH,
    validatorsHash: validatorsHash(epochSetup(state, 0).set),
    parentCertificateHash: ZERO_HASH,
    gasLimit: params.gasLimit,
    gasUsed: 0,
    gramUsed: 0,
    baseFeePerGas: params.baseFeeFloorWei,
    randomnessReveal: EMPTY_BYTES,
    resultCount: 0,
    difficulty: params.genesisDifficultyMacs,
    zkStateProof: EMPTY_BYTES,
    zkComputeProof: EMPTY_BYTES,
    extraData: EMPTY_BYTES,
  }
  return { block: makeBlock({ header, transactions: [], parentCertificate: undefined }), state }
}
