/** A node without RISC Zero's circuit, in a network that has it: it says what it lacks, and stops before it would fork. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster } from '../../node/testing/cluster.ts'
import { type NodeProofs, openProofs } from '../../node/zk/proofs.ts'
import { outputs } from '../../vm/covenant/tables.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import { readRecord } from '../../vm/state/view.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action } from '../../vm/transaction/types.ts'
import { bodyOf, spending } from './vprog-fixture.ts'
import { CIRCUIT_FILE, demandingScript, succinctCase, witnessOf } from './vprog-receipts.ts'

const VALIDATORS = 4
const receipt = succinctCase()
const { owner, privateKey } = testKey(VALIDATORS)

const signed = (nonce: number, body: ReturnType<typeof bodyOf>, gram: number): Uint8Array => {
  const action: Action = { kind: 'COVENANT', ...body }
  const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
  const { chainId } = FAST_PARAMS
  return signNative({ chainId, nonce, ...fees, gasLimit: intrinsicGas(action) + gram, action }, privateKey)
}

describe.skipIf(receipt === undefined)('tag 0x21', () => {
  if (receipt === undefined) return
  const script = demandingScript(receipt)
  const making = bodyOf({ outputs: [{ value: 1n, spk: { version: 0, script } }] })
  const outpoint = { txId: transactionId(kipTransaction(making, owner, 0)), index: 0 }
  const opening = signed(1, bodyOf({ inputs: [spending(outpoint, witnessOf(receipt))] }), receipt.gram)

  const cluster = new Cluster(VALIDATORS)
  const opened: NodeProofs[] = []
  let validators: ChainNode[]
  let without: ChainNode
  let failure: unknown

  beforeAll(async () => {
    const [proofs, none] = [await openProofs(FAST_PARAMS, CIRCUIT_FILE), await openProofs(FAST_PARAMS)]
    opened.push(proofs, none)
    validators = await Promise.all(Array.from({ length: VALIDATORS }, (_, i) => cluster.start(i, { proofs })))
    const onFailure = (error: unknown): void => {
      failure = error
    }
    without = await cluster.start(VALIDATORS, { proofs: none, onFailure })
    expect(await validators[0]!.submit(signed(0, making, 0))).toMatchObject({ ok: true })
    const isMade = () => readRecord(without.stateAt(without.finalized().height)!, outputs, outpoint) !== undefined
    await cluster.until(without, isMade)
  })
  afterAll(async () => {
    await cluster.stopAll()
    await Promise.all(opened.map(({ ahead }) => ahead.close()))
  })

  it('is refused at its mempool, by name', async () => {
    expect(await without.submit(opening)).toMatchObject({ ok: false, error: { code: 'ZK_CIRCUIT_MISSING' } })
  })

  it('in a block ends it, by name, and nobody else', async () => {
    const sent = await validators[0]!.submit(opening)
    if (!sent.ok) throw new Error(sent.error.message)
    for (const node of validators) await cluster.until(node, () => node.transactionByHash(sent.value) !== undefined)
    const { executed, index } = validators[0]!.transactionByHash(sent.value)!
    const { height } = executed.block.header
    expect(executed.receipts[index]).toMatchObject({ status: 1 })
    await expect.poll(() => failure).toMatchObject({ code: 'ZK_CIRCUIT_MISSING' })
    expect(String(failure)).toContain(`block ${height}`)
    expect(without.finalized().height).toBeLessThan(height)
    for (const node of validators) await cluster.until(node, height + 5)
    expect(cluster.failures).toEqual([])
  })
})
