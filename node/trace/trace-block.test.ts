import { describe, expect, test } from 'vitest'
import { fromHex, hexKey, toHex } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { StateLayer } from '../../vm/state/layers.ts'
import { fixture } from '../rpc/fixture.ts'
import { traceLines } from './json.ts'
import { traceBlock } from './trace-block.ts'

const { chain } = fixture()
const { rules } = chain
function input(height: number) {
  const { block, transactions } = chain.blockByHeight(height)!
  const parent = chain.blockByHeight(height - 1)!.block
  return { block, parent, transactions, state: chain.stateAt(height - 1)!, rules }
}

describe('a traced block', () => {
  test('ends in the state root of its header', async () => {
    for (let height = 1; height <= chain.latest().height; height++) {
      const { outcome, block } = await traceBlock(input(height))
      const layer = new StateLayer(chain.stateAt(height - 1)!, outcome.writes)
      expect(hexKey(layer.root)).toBe(hexKey(block.header.stateRoot))
    }
  })

  test('is a line for its begin, each transaction and its end', async () => {
    const lines = [...traceLines(await traceBlock(input(4)))].map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ type }) => type)).toEqual(['begin', ...Array(5).fill('transaction'), 'end'])
    expect(lines.every(({ height }) => height === 4)).toBe(true)
  })

  test('shows raw records that are hashed into the tree', async () => {
    const [begin] = [...traceLines(await traceBlock(input(4)))].map((line) => JSON.parse(line))
    const state = chain.stateAt(3)!
    for (const { tree_key, before_raw } of begin.accesses) {
      const bytes = state.get(fromHex(tree_key))
      expect(before_raw).toBe(bytes === undefined ? null : toHex(bytes))
    }
    expect(begin.accesses.length).toBeGreaterThan(0)
  })

  test('over a state that is not its parent’s is refused, or shown to whoever asks for it', async () => {
    const { block } = input(4)
    const header = { ...block.header, receiptRoot: sha256(new Uint8Array()) }
    const wrong = { ...input(4), block: { ...block, header } }
    await expect(traceBlock(wrong)).rejects.toMatchObject({ code: 'TRACE_DIVERGED', meta: { height: 4 } })
    expect((await traceBlock(wrong, { mayDiverge: true })).transactions).toHaveLength(5)
    const fewer = { ...input(4), transactions: input(4).transactions.slice(1) }
    await expect(traceBlock(fewer)).rejects.toMatchObject({ code: 'TRACE_DIVERGED' })
  })
})
