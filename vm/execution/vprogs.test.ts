import { describe, expect, it } from 'vitest'
import { EMPTY_BYTES, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { outputs, WEI_PER_GRAIN } from '../covenant/tables.ts'
import type { CovenantBody } from '../covenant/types.ts'
import { kipTransaction } from '../covenant/view.ts'
import { intrinsicGas } from '../gas.ts'
import { transactionId } from '../kip/hashing.ts'
import type { KipOutput } from '../kip/types.ts'
import { laneKey } from '../lanes/hashing.ts'
import { lanes } from '../lanes/tables.ts'
import { scriptOf } from '../script/assembly.ts'
import { FINAL_SEQUENCE } from '../script/limits.ts'
import { OP } from '../script/opcodes.ts'
import { supply } from '../state/tables.ts'
import { readRecord } from '../state/view.ts'
import { TEST_PARAMS, TestChain } from '../testing/chain.ts'
import { testWallet } from '../testing/wallet.ts'
import type { Transaction } from '../transaction/types.ts'
import { proofVerifier } from '../zk/verify.ts'
import { executeBlock } from './execution.ts'
import type { ExecutionRules } from './types.ts'

const ALICE = testWallet(1)
const LANE = Uint8Array.of(1, 2, 3, 4, ...new Uint8Array(16))

const body = (over: Partial<CovenantBody>): CovenantBody => ({
  laneId: undefined,
  payload: EMPTY_BYTES,
  lockTime: 0n,
  inputs: [],
  outputs: [],
  ...over,
})

/** Unlocked by anything, after copying 100 bytes. */
const COPYING = scriptOf(new Uint8Array(30).fill(1), ...Array(4).fill([OP.OpDup, OP.OpDrop]).flat())
const output = (value: bigint, script: Uint8Array): KipOutput => ({ value, spk: { version: 0, script } })

class VprogChain extends TestChain {
  /** As the header of the newest block has it. */
  seqCommit = ZERO_HASH

  constructor(fromHeight: number) {
    super(TEST_PARAMS)
    const rules: ExecutionRules = { ...this.rules, vprogs: { fromHeight, proofs: proofVerifier() } }
    Object.assign(this, { rules })
  }

  override context(over: Parameters<TestChain['context']>[0] = {}) {
    const context = super.context(over)
    return { ...context, parent: { ...context.parent, seqCommit: this.seqCommit } }
  }

  override block(transactions: readonly Transaction[] = []) {
    const outcome = super.block(transactions)
    this.seqCommit = outcome.seqCommit
    return outcome
  }

  lane(over: Partial<CovenantBody> = {}, gasLimit = 1_000_000): Transaction {
    return this.tx(ALICE, { kind: 'LANE', ...body({ laneId: LANE, ...over }) }, { gasLimit })
  }

  covenant(over: Partial<CovenantBody>, gram = 0): Transaction {
    const action = { kind: 'COVENANT' as const, ...body(over) }
    return this.tx(ALICE, action, { gasLimit: intrinsicGas(action) + gram })
  }
}

describe('before vProgs are active', () => {
  it('no block may hold their kinds, and commits to no lanes', () => {
    const chain = new VprogChain(3)
    expect(chain.block().seqCommit).toEqual(ZERO_HASH)
    const refused = executeBlock(chain.state, chain.context(), chain.rules, [chain.lane()])
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'BLOCK_TX_REFUSED', meta: { code: 'TX_KIND_INACTIVE' } },
    })
    expect(chain.block().seqCommit).toEqual(ZERO_HASH)
    expect(chain.block().seqCommit).not.toEqual(ZERO_HASH)
  })

  it('nothing of the state differs from a chain that never has them', () => {
    const [never, later] = [new TestChain(), new VprogChain(1_000)]
    for (let i = 0; i < 20; i++) {
      never.block()
      later.block()
      expect(hexKey(later.state.root)).toBe(hexKey(never.state.root))
    }
  })
})

describe('transactions of lanes', () => {
  it('are ordered, paid for and committed to', () => {
    const chain = new VprogChain(0)
    const tx = chain.lane({ payload: Uint8Array.of(1, 2, 3) })
    const outcome = chain.block([tx, chain.covenant({ outputs: [output(1n, COPYING)] })])
    expect(outcome.receipts.map(({ status }) => status)).toEqual([1, 1])
    expect(outcome.receipts[0]).toMatchObject({ gasUsed: 30_000 + 3 * 16, gramUsed: 0 })
    const tip = readRecord(chain.state, lanes, laneKey(LANE))
    expect(tip).toMatchObject({ lastTouch: 1 })
    chain.block()
    expect(readRecord(chain.state, lanes, laneKey(LANE))).toEqual(tip)
    chain.block([chain.lane()])
    expect(readRecord(chain.state, lanes, laneKey(LANE))!.tip).not.toEqual(tip!.tip)
    chain.advanceTo(chain.height + TEST_PARAMS.laneWindowBlocks + 1)
    expect(readRecord(chain.state, lanes, laneKey(LANE))).toBeUndefined()
  })

  it('leave no trace in their lane when they fail', () => {
    const chain = new VprogChain(0)
    const [idle, failing] = [chain.block().seqCommit, new VprogChain(0)]
    const missing = { outpoint: { txId: ZERO_HASH, index: 0 }, sequence: FINAL_SEQUENCE, signatureScript: EMPTY_BYTES }
    const outcome = failing.block([failing.lane({ inputs: [missing] })])
    expect(outcome.receipts[0]).toMatchObject({ status: 0, error: 'OUTPUT_UNKNOWN' })
    expect(outcome.seqCommit).toEqual(idle)
  })
})

describe('covenants', () => {
  /** An output of 100 grains under a script, in a block of its own. */
  function funded(script: Uint8Array) {
    const chain = new VprogChain(0)
    const tx = chain.covenant({ outputs: [output(100n, script)] })
    chain.block([tx])
    const { nonce } = tx
    const txId = transactionId(kipTransaction(body({ outputs: [output(100n, script)] }), ALICE.address, nonce))
    const outpoint = { txId, index: 0 }
    expect(readRecord(chain.state, outputs, outpoint)).toMatchObject({ grains: 100n })
    return { chain, inputs: [{ outpoint, sequence: FINAL_SEQUENCE, signatureScript: EMPTY_BYTES }] }
  }

  it('hold money under the supply equation, and pay for gram as for gas', () => {
    const { chain, inputs } = funded(COPYING)
    expect(readRecord(chain.state, supply, undefined)!.outputs).toBe(100n * WEI_PER_GRAIN)
    const before = chain.account(ALICE.address).balance
    const outcome = chain.block([chain.covenant({ inputs }, 1_000)])
    // The script copies 120 bytes, and has four beyond the standard length.
    const gram = COPYING.length - 35 + 2
    const [receipt] = outcome.receipts
    expect(receipt).toMatchObject({ status: 1, gramUsed: gram })
    expect(receipt!.cumulativeGasUsed).toBe(receipt!.gasUsed + gram)
    expect(outcome).toMatchObject({ gramUsed: gram, gasUsed: receipt!.gasUsed })
    const fee = BigInt(receipt!.gasUsed + gram) * receipt!.effectiveGasPrice
    expect(chain.account(ALICE.address).balance).toBe(before + 100n * WEI_PER_GRAIN - fee)
    expect(readRecord(chain.state, supply, undefined)!.outputs).toBe(0n)
  })

  it('a script that fails costs its gram and changes nothing else', () => {
    const { chain, inputs } = funded(scriptOf(new Uint8Array(200).fill(1), OP.OpDup, OP.OpVerify, OP.OpFalse))
    const outcome = chain.block([chain.covenant({ inputs }, 1_000)])
    expect(outcome.receipts[0]).toMatchObject({ status: 0, error: 'SCRIPT_FAILED' })
    expect(outcome.receipts[0]!.gramUsed).toBeGreaterThan(150)
    expect(readRecord(chain.state, outputs, inputs[0]!.outpoint)).toMatchObject({ grains: 100n })
  })

  it('a script that needs more gram than its limit leaves uses all of it', () => {
    const { chain, inputs } = funded(COPYING)
    const outcome = chain.block([chain.covenant({ inputs }, 3)])
    expect(outcome.receipts[0]).toMatchObject({ status: 0, error: 'GRAM_EXCEEDED', gramUsed: 3 })
  })

  it('the balance that pays for gram goes into no output', () => {
    const chain = new VprogChain(0)
    const all = chain.account(ALICE.address).balance / WEI_PER_GRAIN
    const outcome = chain.block([chain.covenant({ outputs: [output(all, COPYING)] })])
    expect(outcome.receipts[0]).toMatchObject({ status: 0, error: 'INSUFFICIENT_BALANCE' })
  })
})
