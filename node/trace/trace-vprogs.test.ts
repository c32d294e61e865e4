/** Traces of blocks with lanes and covenants: what became of every output, by name and in whole. */
import { beforeAll, describe, expect, test } from 'vitest'
import { fromHex, hexKey } from '../../core/bytes.ts'
import { MemoryStore } from '../../core/kv.ts'
import { covenants, outputs } from '../../vm/covenant/tables.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { hasScripts } from '../../vm/execution/limits.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import { lanes } from '../../vm/lanes/tables.ts'
import { openDatasetSource } from '../dataset/open.ts'
import type { DatasetSource } from '../dataset/source.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { VPROG_PARAMS } from '../testing/chain-plan.ts'
import { recordJson, transactionTraceJson } from './json.ts'
import { type TracedBlock, type TracedTransaction, traceBlock } from './trace-block.ts'

const BLOCKS = 30

interface Access {
  readonly table: string
  readonly key: unknown
  readonly before: unknown
  readonly after?: unknown
  readonly after_raw?: string | null
}
interface Effect {
  readonly table: string
  readonly category: string
  readonly change: string
}

describe('blocks of lanes and covenants', () => {
  let source: DatasetSource
  const traced: TracedBlock[] = []
  const transactions: { readonly height: number; readonly of: TracedTransaction }[] = []

  beforeAll(async () => {
    const maker = await ChainMaker.open(new MemoryStore(), { params: VPROG_PARAMS, vprogsFrom: 3 })
    await maker.run(BLOCKS)
    source = await openDatasetSource(maker.chain, maker.genesis)
    for (let height = 1; height <= BLOCKS; height++) {
      const { block, transactions: list } = source.block(height)
      const parent = source.block(height - 1).block
      const state = source.state(height - 1)
      const one = await traceBlock({ block, parent, transactions: list, state, rules: source.rules })
      traced.push(one)
      transactions.push(
        ...one.transactions.filter(({ transaction }) => isVprog(transaction)).map((of) => ({ height, of })),
      )
    }
  }, 30_000)

  const isVprog = ({ action }: TracedTransaction['transaction']) => action.kind === 'LANE' || action.kind === 'COVENANT'
  const json = (of: TracedTransaction) =>
    transactionTraceJson(of) as unknown as {
      readonly gas: { readonly gram: number; readonly gram_steps: { input: number; units: number; gram: number }[] }
      readonly action: { readonly effects: readonly Effect[]; readonly accesses: readonly Access[] }
    }
  const done = () => transactions.filter(({ of }) => of.receipt.status === 1)

  test('lead to the state and the commitment of the chain', () => {
    for (const { block, outcome } of traced) {
      const after = source.state(block.header.height)
      expect(outcome.writes.length).toBeGreaterThan(0)
      for (const { treeKey, value } of outcome.writes) expect(after.get(treeKey)).toEqual(value)
      expect(hexKey(outcome.seqCommit)).toBe(hexKey(block.header.seqCommit))
    }
  })

  test('show each made output as it is in the state, and as raw bytes', () => {
    let made = 0
    for (const { height, of } of done()) {
      const { action, from, nonce } = of.transaction
      if (action.kind !== 'LANE' && action.kind !== 'COVENANT') continue
      const { accesses } = json(of).action
      const written = accesses.filter(({ table, before, after }) => table === outputs.name && !before && after)
      const txId = hexKey(transactionId(kipTransaction(action, from, nonce)))
      for (const [index, { value, spk }] of action.outputs.entries()) {
        const found = written.find(({ key }) => (key as { index: number }).index === index)
        expect(found).toMatchObject({
          key: { tx_id: `0x${txId}`, index },
          after: { grains: String(value), spk: { version: 0, script: `0x${hexKey(spk.script)}` }, height },
        })
        const raw = fromHex(found!.after_raw!)
        expect(outputs.decode(raw)).toMatchObject({ grains: value, height })
        made++
      }
      expect(written).toHaveLength(action.outputs.length)
    }
    expect(made).toBeGreaterThan(10)
  })

  test('show covenants by what they began with, and lanes by their ids', () => {
    const of = (name: string) =>
      [...transactions.flatMap(({ of: one }) => json(one).action.accesses), ...traced.flatMap(endAccesses)].filter(
        ({ table, after }) => table === name && after,
      )
    expect(of(covenants.name)[0]?.after).toMatchObject({
      genesis: { tx_id: expect.stringMatching(/^0x/), index: expect.any(Number) },
      live_outputs: expect.any(Number),
    })
    const laneIds = of(lanes.name).map(({ after }) => (after as { lane_id: string }).lane_id)
    expect(laneIds.length).toBeGreaterThan(5)
    for (const id of laneIds) expect(id).toMatch(/^0x510000\d\d0{32}$/)
  })

  test('money goes between accounts and outputs, and none is left over', () => {
    let moved = 0
    for (const { of } of done()) {
      if (of.receipt.gramUsed > 0) continue
      const { effects } = json(of).action
      const sum = effects.reduce((total, { change }) => total + BigInt(change), 0n)
      expect(sum).toBe(0n)
      if (effects.some(({ category }) => category === 'outputs')) moved++
    }
    expect(moved).toBeGreaterThan(5)
  })

  test('gram is that of the inputs, whether their scripts opened or failed', () => {
    const spending = transactions.filter(({ of }) => hasScripts(of.transaction.action))
    for (const { of } of spending) {
      const { gram, gram_steps: steps } = json(of).gas
      expect(steps.map(({ input }) => input)).toEqual(steps.map((_, i) => i))
      expect(steps.reduce((sum, step) => sum + step.gram, 0)).toBe(gram)
    }
    const failed = spending.filter(({ of }) => of.receipt.error === 'SCRIPT_FAILED')
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.every(({ of }) => of.receipt.gramUsed > 0 && json(of).gas.gram_steps.length > 0)).toBe(true)
    const proved = spending.filter(({ of }) => of.receipt.gramUsed > 1_000)
    expect(json(proved[0]!.of).gas.gram_steps.some(({ units }) => units > 100_000)).toBe(true)
  })
})

const endAccesses = ({ end }: TracedBlock): Access[] =>
  end.accesses.map(({ table, key, before, after }) => ({ table: table.name, key, before, after: recordJson(after) }))
