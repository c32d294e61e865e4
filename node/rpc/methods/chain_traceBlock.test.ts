import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getSupply } from './chain_getSupply.ts'
import { chain_traceBlock } from './chain_traceBlock.ts'

interface Step {
  minted: string
  burned: string
  effects: { category: string; change: string }[]
}
interface Answer {
  begin: Step
  transactions: { index: number; check: Step; charge: Step; action: Step }[]
  next_transaction: number | null
  end: Step
}

describe('chain_traceBlock', () => {
  it('accounts for all that each block mints, burns and moves', async () => {
    const { context, chain } = fixture()
    for (let height = 1; height <= chain.latest().height; height++) {
      const traced = await callMethod<Answer>(context, chain_traceBlock, [height])
      const between = traced.transactions.flatMap(({ check, charge, action }) => [check, charge, action])
      const steps = [traced.begin, ...between, traced.end]
      const supply = (at: number) => callMethod<Record<string, string>>(context, chain_getSupply, [at])
      const [before, after] = [await supply(height - 1), await supply(height)]
      const grew = (name: string) => BigInt(after[name]!) - BigInt(before[name]!)
      const sum = (amounts: readonly string[]) => amounts.reduce((total, amount) => total + BigInt(amount), 0n)
      expect(sum(steps.map(({ minted }) => minted))).toBe(grew('minted'))
      expect(sum(steps.map(({ burned }) => burned))).toBe(grew('burned'))
      const moved = (wanted: string) =>
        sum(steps.flatMap(({ effects }) => effects.flatMap((e) => (e.category === wanted ? [e.change] : []))))
      expect(moved('balances')).toBe(grew('balances'))
      expect(moved('accrued')).toBe(grew('accrued'))
    }
  })

  it('answers a part, and says where to go on', async () => {
    const { context, chain } = fixture()
    const total = chain.blockByHeight(4)!.transactions.length
    const indexes: number[] = []
    let from: number | null = 0
    while (from !== null) {
      const part: Answer = await callMethod<Answer>(context, chain_traceBlock, [4, from, 2])
      indexes.push(...part.transactions.map(({ index }) => index))
      from = part.next_transaction
    }
    expect(indexes).toEqual(Array.from({ length: total }, (_, i) => i))
    expect(await callMethod(context, chain_traceBlock, [4, total])).toMatchObject({
      transactions: [],
      next_transaction: null,
    })
    expect(await refusalTag(context, chain_traceBlock, [4, 0, 257])).toBe('INVALID_PARAMS')
  })

  it('takes tags and hashes; genesis executes nothing, and abandoned blocks have no state to stand on', async () => {
    const { context, chain } = fixture()
    const hash = toHex(chain.blockByHeight(4)!.block.hash)
    const expected = await callMethod(context, chain_traceBlock, [4])
    expect(await callMethod(context, chain_traceBlock, [hash])).toEqual(expected)
    expect(await callMethod(context, chain_traceBlock)).toMatchObject({ height: 12 })
    expect(await callMethod(context, chain_traceBlock, [0])).toBeNull()
    expect(await callMethod(context, chain_traceBlock, [13])).toBeNull()
  })

  it('is BLOCK_PRUNED where the state before the block is gone', async () => {
    const { context, chain } = fixture()
    const node = Object.assign(chain.fork(), {
      holdings: () => ({ ...chain.holdings(), statesFrom: 4 }),
      stateAt: (height: number) => (height < 4 ? undefined : chain.stateAt(height)),
    })
    expect(await callMethod({ ...context, node }, chain_traceBlock, [5])).toMatchObject({ height: 5 })
    expect(await refusalTag({ ...context, node }, chain_traceBlock, [4])).toBe('BLOCK_PRUNED')
  })
})
