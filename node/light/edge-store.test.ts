import { describe, expect, it } from 'vitest'
import { verifyEdges } from '../../consensus/light/edges.ts'
import { trustGenesis } from '../../consensus/light/trust.ts'
import { KEY } from '../storage/layout.ts'
import { edgeOperations, readEdge } from './edge-store.ts'
import { FixtureSource, LIGHT_PARAMS, makeChain, rulesOf } from './fixture.ts'

const { epochBlocks } = LIGHT_PARAMS

describe('edges in a store', () => {
  it('stay the same when blocks and states are pruned, and lead from genesis to the head', async () => {
    const maker = await makeChain()
    await maker.run(4 * epochBlocks)
    const rules = await rulesOf(maker)
    const epochs = [0, 1, 2, 3]
    const read = () => Promise.all(epochs.map((epoch) => readEdge(maker.chain, epoch, epochBlocks)))
    const before = await read()
    expect(before.map((edge) => edge?.header.height)).toEqual(epochs.map((epoch) => (epoch + 1) * epochBlocks))
    const head = maker.chain.head.header.height
    while (await maker.chain.prune({ blocksFrom: head - 2, statesFrom: head - 1 })) {
      expect(await read()).toEqual(before)
    }
    expect(maker.chain.held.statesFrom).toBe(head - 1)
    const edges = before.map((edge) => edge!)
    const answer = verifyEdges(trustGenesis(maker.genesis), edges, rules)
    expect(answer).toMatchObject({ ok: true, value: { header: { height: head } } })
    expect(await readEdge(maker.chain, 4, epochBlocks)).toBeUndefined()
    const { edges: served } = await new FixtureSource('it', maker).ask({ type: 'edges', fromEpoch: 1, count: 2 })
    expect(served).toEqual(edges.slice(1, 3))
  })

  it('are kept by a store that begins above them', async () => {
    const maker = await makeChain()
    await maker.run(3 * epochBlocks)
    const { chain } = maker
    const head = chain.head.header.height
    const edges = (await Promise.all([0, 1].map((epoch) => readEdge(chain, epoch, epochBlocks)))).map((edge) => edge!)
    while (await chain.prune({ blocksFrom: head, statesFrom: head }));
    const gone = edges.flatMap(({ header: { epoch, height } }) => [
      KEY.edgeHeader(epoch),
      KEY.edgeSet(epoch),
      KEY.epochEnd(epoch),
      KEY.finalization(height),
    ])
    await chain.kv.write(gone.map((key) => ({ type: 'delete', key })))
    expect(await readEdge(chain, 0, epochBlocks)).toBeUndefined()
    await chain.kv.write(edgeOperations(edges))
    expect(await Promise.all([0, 1].map((epoch) => readEdge(chain, epoch, epochBlocks)))).toEqual(edges)
  })
})
