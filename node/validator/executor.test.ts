import { describe, expect, it } from 'vitest'
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import { recoverInline } from '../../consensus/replay.ts'
import { FAST_PARAMS, TestChain, withHeader } from '../../consensus/testing/chain.ts'
import { ZERO_HASH } from '../../core/bytes.ts'
import { inlineProofs } from '../zk/proofs.ts'
import { CommitGate } from './commit-gate.ts'
import { type ChainEntry, entryOf } from './entry.ts'
import { Executor } from './executor.ts'

function setup() {
  const chain = new TestChain()
  const { block, state } = chain.genesis
  const genesis: ChainEntry = { block, state, transactions: [], receipts: [], layer: undefined }
  const tree = new BlockTree<ChainEntry>(genesis)
  const gate = new CommitGate()
  const { ahead } = inlineProofs(FAST_PARAMS)
  const executor = new Executor(tree, gate, chain.rules, ahead, async (raws) => recoverInline(FAST_PARAMS)(raws))
  return { chain, genesis, tree, gate, executor }
}

describe('executor', () => {
  it('says valid, invalid with a code, or nothing when the parent is not here', async () => {
    const { chain, executor, tree } = setup()
    const first = chain.build([chain.transfer(4, 5)])
    expect(await executor.execute(withHeader(first.block, { stateRoot: ZERO_HASH }))).toMatchObject({
      verdict: 'invalid',
      code: 'BLOCK_STATE_ROOT',
    })
    expect(tree.size).toBe(0)
    chain.add(first)
    const second = chain.build().block
    expect(await executor.execute(second)).toEqual({ verdict: 'retry' })
    expect(await executor.execute(first.block)).toMatchObject({ verdict: 'valid' })
    expect(await executor.execute(second)).toMatchObject({ verdict: 'valid' })
    expect(tree.branch(second.hash)?.length).toBe(2)
  })

  it('executes nothing while a final block is being written, and no sibling of it afterwards', async () => {
    const { chain, genesis, executor, tree, gate } = setup()
    const winner = chain.build([chain.transfer(4, 5)], 0)
    const sibling = chain.build([], 1).block
    tree.add(entryOf(winner))
    let finish: () => void = () => {}
    const commit = gate.during(async () => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      tree.finalise(winner.block.hash)
    })
    let answered = 0
    const answers = [executor.execute(sibling), executor.executeOn(sibling, genesis, executor.recover(sibling))]
    for (const answer of answers) void answer.then(() => answered++)
    await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(0)
    finish()
    await commit
    expect(await Promise.all(answers)).toEqual([{ verdict: 'retry' }, { verdict: 'retry' }])
  })
})
