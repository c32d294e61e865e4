/**
 * A chain of some epochs with everything a light client is told about it. Validator 4 takes its stake back in epoch 0 and
 * votes for the last time in epoch 1; block 3 has two results of key 5.
 */
import { bls } from '../../core/bls.ts'
import type { Hash } from '../../core/bytes.ts'
import { leafHash, merklePath } from '../../core/merkle.ts'
import { encodeMultiProof, proveKeys } from '../../core/smt/index.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { computeProof } from '../../vm/compute-root.ts'
import { isLastBlockOfEpoch } from '../../vm/params.ts'
import type { MemoryState } from '../../vm/state/memory.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { FAST_PARAMS, TestChain, testGenesis } from '../testing/chain.ts'
import type { Block, Certificate } from '../types.ts'
import { type ResultProof, type StateProof, sortedKeys } from './answers.ts'
import type { EpochEdge, FinalHeader } from './edges.ts'
import { type Anchor, type LightRules, setKeyAfter, trustGenesis } from './trust.ts'

export const LIGHT_PARAMS = { ...FAST_PARAMS, unbondingEpochs: 4 }
const VALIDATORS = 5
const WORKER = 5

export class LightChain {
  readonly chain = new TestChain(VALIDATORS, LIGHT_PARAMS)
  readonly genesis = testGenesis(VALIDATORS, LIGHT_PARAMS)
  readonly rules: LightRules
  readonly trusted = trustGenesis(this.genesis)
  readonly edges: EpochEdge[] = []
  readonly anchors: Anchor[] = []
  readonly finals: FinalHeader[] = []
  readonly results: ResultProof[] = []

  /** @param blocks above genesis */
  constructor(blocks: number) {
    this.rules = { params: LIGHT_PARAMS, genesisHash: this.chain.rules.genesisHash, bls }
    this.anchors.push(this.#anchor(this.chain.genesis.block))
    for (let height = 1; height <= blocks; height++) this.#next(this.#traffic(height))
  }

  /** Of the state after the newest block. */
  prove(...keys: Hash[]): StateProof {
    return proveState(this.chain.state, keys)
  }

  block(height: number): Block {
    return this.chain.blocks[height - 1]!
  }

  /** By the first `signers` members of the set that finalises the newest block. */
  finalize(block: Block, signers?: number, view?: number): Certificate {
    return this.chain.certify('finalize', block, signers, view)
  }

  #traffic(height: number): Transaction[] {
    if (height === 2) return [this.chain.transaction(4, { kind: 'UNSTAKE', amount: 1_000n * WEI_PER_CPC })]
    if (height === 3) {
      const win = this.chain.result(WORKER, 1)
      return [this.chain.transfer(6, 0), this.chain.transaction(WORKER, win)]
    }
    return []
  }

  #next(transactions: readonly Transaction[]): void {
    const { block, outcome } = this.chain.next(transactions)
    const { header } = block
    const final = { header, finalization: this.finalize(block) }
    this.finals.push(final)
    const anchor = this.#anchor(block)
    this.anchors.push(anchor)
    if (isLastBlockOfEpoch(header.height, LIGHT_PARAMS)) this.edges.push({ ...anchor, ...final })
    const results = outcome.results.map(({ result }) => result)
    for (const [resultIndex, result] of results.entries()) {
      const index = transactions.findIndex(
        ({ action }) => action.kind === 'SUBMIT_RESULT' && action.result.nonce === result.nonce,
      )
      this.results.push({
        height: header.height,
        envelope: block.transactions[index]!,
        index,
        count: block.transactions.length,
        path: merklePath(block.transactions.map(leafHash), index),
        resultIndex,
        resultPath: computeProof(results, resultIndex).path,
      })
    }
  }

  #anchor({ header }: Block): Anchor {
    const { values, proof } = this.prove(setKeyAfter(header.height, LIGHT_PARAMS))
    return { header, set: values[0]!, proof }
  }
}

export function proveState(state: MemoryState, keys: readonly Hash[]): StateProof {
  const sorted = sortedKeys(keys)
  return { values: sorted.map((key) => state.get(key)), proof: encodeMultiProof(proveKeys(state.readNode, sorted)) }
}
