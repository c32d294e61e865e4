import fc from 'fast-check'
import { describe, it } from 'vitest'
import { randomStream } from '../../core/random.ts'
import { ChainHistory } from './chain-history.ts'
import { BranchingChain } from './testing/branching-chain.ts'
import { Asker, EarlyStore } from './testing/same-answers.ts'

const STEPS = 25

async function wander(seed: number): Promise<void> {
  const random = randomStream(seed, 'steps')
  const kv = new EarlyStore()
  const chain = await BranchingChain.open(seed, kv)
  const asker = new Asker(random)
  const known = [chain.tree.final]
  const open = () => known.filter(({ block }) => chain.tree.get(block.hash) !== undefined)
  const grow = (parent = chain.tree.tip) => {
    const entry = chain.grow(parent)
    asker.learn(entry.transactions)
    known.push(entry)
    return entry
  }
  const node = chain.reads
  kv.beforeAnswer = () => asker.ask(node)
  for (let step = 0; step < STEPS; step++) {
    const height = chain.store.head.header.height
    const drawn = random.below(10)
    if (drawn < 4) chain.moveTip(grow())
    else if (drawn < 6) grow(random.pick(open()))
    else if (drawn < 7) chain.moveTip(random.pick(open()))
    else if (drawn < 9) {
      const branch = chain.tree.branch(chain.tree.tip.block.hash)!
      await chain.finalise(random.between(1, 3))
      // So it is until the tree hears of what the store has written.
      await asker.ask({ ...node, vprogs: new ChainHistory(chain.store, () => branch) })
    } else await chain.store.prune({ blocksFrom: random.below(height + 1), statesFrom: random.below(height + 1) })
    await asker.ask(node)
  }
}

describe('the history of lanes and covenants', () => {
  it('is what every block from the oldest one here to the tip tells, on whatever branch the tip is', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(), wander), { numRuns: 3 })
  })
})
