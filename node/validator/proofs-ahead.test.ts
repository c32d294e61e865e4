import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import { recoverInline } from '../../consensus/replay.ts'
import { candidatesOf } from '../../consensus/testing/chain.ts'
import { executeChecked } from '../../consensus/validate.ts'
import { hexKey } from '../../core/bytes.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { proofVerifier, strictVerifier } from '../../vm/zk/verify.ts'
import type { ProofPool } from '../zk/proof-pool.ts'
import { CommitGate } from './commit-gate.ts'
import { type ChainEntry, entryOf } from './entry.ts'
import { Executor } from './executor.ts'
import { buildFromKnown, rulesWith } from './proofs-ahead.ts'
import {
  CountingThread,
  countingPool,
  outpointOf,
  PROOF_PARAMS,
  ProofChain,
  proofScript,
  RECEIPT_SCRIPT,
  unaskedVerifier,
} from './proofs-fixture.ts'

/** A chain whose next blocks spend 16 outputs, and an executor that verifies in `thread` alone. */
function setup(thread = new CountingThread(), chain = new ProofChain()) {
  const { transaction, at } = chain.lock(4, 16)
  chain.next([transaction])
  const pool = countingPool(thread)
  const { block, state } = chain.parent
  const tip: ChainEntry = { block, state, transactions: [], receipts: [], layer: undefined }
  const executorWith = (ahead: ProofPool, tree = new BlockTree(tip)) => {
    const rules = rulesWith(chain.rules, unaskedVerifier)
    const recover = async (raws: readonly Uint8Array[]) => recoverInline(PROOF_PARAMS)(raws)
    return new Executor(tree, new CommitGate(), rules, ahead, recover)
  }
  return { chain, at, thread, pool, tip, executorWith }
}

const statuses = (entry: ChainEntry) => entry.receipts.map(({ status, error }) => error ?? status)

describe('a block that arrives', () => {
  it('has its proofs verified in threads, each once, and becomes what execution alone makes of it', async () => {
    const { chain, at, thread, pool, executorWith } = setup()
    const first = chain.spend(5, [at[0]!], [proofScript(1)])
    const built = chain.build([
      first,
      // On what the block itself makes, and a proof that stands in it already.
      chain.spend(5, [outpointOf(first), at[1]!], [proofScript(2), proofScript(1)]),
      chain.spend(6, [at[2]!], [proofScript(3, false)]),
    ])
    const execution = await executorWith(pool).execute(built.block)
    if (execution.verdict !== 'valid') return expect.unreachable(JSON.stringify(execution))
    expect(statuses(execution.entry)).toEqual([1, 1, 'SCRIPT_FAILED'])
    expect(hexKey(execution.entry.state.root)).toBe(hexKey(built.state.root))
    expect(thread.verified).toBe(3)
    expect(await executorWith(pool).execute(built.block)).toMatchObject({ verdict: 'valid' })
    expect(thread.verified).toBe(3)
  })

  it('is what it is, whichever proofs are true and whichever are known', async () => {
    const { chain, at, executorWith } = setup()
    const wish = fc.record({ sender: fc.integer({ min: 4, max: 7 }), journal: fc.nat(3), isTrue: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 5 }), fc.nat(6), async (wishes, known) => {
        const nonces = new Map<number, number>([[4, 1]])
        let last: Transaction | undefined
        const transactions = wishes.map(({ sender, journal, isTrue }, i) => {
          const nonce = nonces.get(sender) ?? 0
          nonces.set(sender, nonce + 1)
          // Every other one spends what the one before makes, if it makes it.
          const spent = last === undefined || i % 2 === 0 ? at[i]! : outpointOf(last)
          last = chain.spend(sender, [spent], [proofScript(journal, isTrue)], nonce, 20_000)
          return last
        })
        const built = chain.build(transactions)
        const pool = countingPool(new CountingThread())
        const heads = executorWith(pool)
        if (known < transactions.length) await heads.execute(chain.build(transactions.slice(0, known)).block)
        const execution = await heads.execute(built.block)
        expect(execution).toMatchObject({ verdict: 'valid', entry: { receipts: built.outcome.receipts } })
      }),
      { numRuns: 12 },
    )
  })

  it('is asked about again when its parent is gone meanwhile, or the node is closing', async () => {
    const thread = new CountingThread()
    thread.isHeld = true
    const { chain, at, pool, tip, executorWith } = setup(thread)
    const tree = new BlockTree(tip)
    const parent = chain.build([], 0)
    const sibling = chain.build([], 1)
    for (const applied of [parent, sibling]) tree.add(entryOf(applied))
    chain.add(parent)
    const { block } = chain.build([chain.spend(5, [at[0]!], [proofScript(1)])])
    const executor = executorWith(pool, tree)
    const running = executor.executeOn(block, entryOf(parent), executor.recover(block))
    while (thread.verified === 0) await setImmediate()
    tree.finalise(sibling.block.hash)
    thread.release()
    expect(await running).toEqual({ verdict: 'retry' })

    const closing = countingPool(new CountingThread())
    await closing.close()
    const again = new BlockTree(tip)
    again.add(entryOf(parent))
    expect(await executorWith(closing, again).execute(block)).toEqual({ verdict: 'retry' })
  })

  it('that this node cannot decide ends in an error that says where and what to do', async () => {
    const { chain, at, executorWith } = setup(undefined, new ProofChain(proofVerifier({ succinct: () => {} })))
    const built = chain.build([chain.spend(5, [at[0]!], [RECEIPT_SCRIPT])])
    expect(built.outcome.receipts).toMatchObject([{ status: 1 }])
    const error = { code: 'ZK_CIRCUIT_MISSING', message: expect.stringMatching(/block 2 .*zk\.risc0_circuit/) }
    const pool = countingPool(new CountingThread(proofVerifier()))
    await expect(executorWith(pool).execute(built.block)).rejects.toMatchObject(error)
    // Replay and repair execute without looking ahead.
    const rules = rulesWith(chain.rules, strictVerifier(proofVerifier()))
    expect(() => executeChecked(built.block, built.transactions, chain.parent, rules)).toThrow(
      expect.objectContaining({ ...error, meta: { height: 2 } }),
    )
  })
})

describe('a leader', () => {
  /** What a block built from these holds, by place. */
  const building =
    (chain: ProofChain, pool: ProofPool, rules = rulesWith(chain.rules, unaskedVerifier)) =>
    (offered: readonly Transaction[]): number[] =>
      buildFromKnown(
        rules,
        pool,
        () => candidatesOf(offered),
        (candidates, asking) => chain.buildFrom(candidates, asking),
      ).transactions.map((transaction) => offered.indexOf(transaction))

  it('leaves out what asks for a proof it does not know, and has it verified for the next block', async () => {
    const { chain, at, thread, pool } = setup()
    const build = building(chain, pool)
    const offered = [
      chain.spend(5, [at[0]!], [proofScript(1)]),
      chain.spend(6, [at[1]!], [proofScript(2, false)]),
      chain.transfer(7, 4),
    ]
    expect(build(offered)).toEqual([2])
    while (pool.stats.waiting > 0) await setImmediate()
    expect(thread.verified).toBe(2)
    // The false one pays for itself.
    expect(build(offered)).toEqual([0, 1, 2])
  })

  it('passes over what it cannot verify', async () => {
    const { chain, at } = setup()
    const build = building(chain, countingPool(new CountingThread(proofVerifier())))
    const offered = [chain.spend(5, [at[0]!], [RECEIPT_SCRIPT]), chain.transfer(7, 4)]
    expect(build(offered)).toEqual([1])
    await setImmediate()
    expect(build(offered)).toEqual([1])
  })

  it('verifies itself what a block pays for, where each block it tries asks for another proof', () => {
    const { chain, at, pool } = setup()
    // So much gram that one of them fills a block.
    const gram = PROOF_PARAMS.gramLimit - 500
    const offered = [0, 1, 2, 3].map((i) => chain.spend(4 + i, [at[i]!], [proofScript(i)], undefined, gram))
    expect(building(chain, pool, chain.rules)(offered)).toEqual([3])
  })
})
