/** One sender of unverified messages has its share of the room, and no more. */
import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../../core/bytes.ts'
import { Bench, blockAt, certificate, contextAt, followerOf, ofType, proposal, vote } from './fixture.ts'
import { MAX_EARLY_PER_SENDER, MAX_EARLY_PROPOSALS, MAX_LAGGING_SENDERS } from './limits.ts'

const follower = followerOf(0, 1)

describe('messages of the next epoch', () => {
  const junk = (view: number) =>
    ({ type: 'vote', vote: { ...vote('nullify', view, ZERO_HASH, 0, 1), signature: new Uint8Array(96) } }) as const

  it('of a peer that floods leave room for those of others', () => {
    const bench = new Bench(follower, { epochBlocks: 1 })
    const heard = Array.from({ length: 1_000 }, (_, view) => bench.hear(junk(view), 'flooder'))
    expect(heard.filter((outputs) => outputs.length === 0)).toHaveLength(MAX_EARLY_PER_SENDER)

    const last = blockAt(0)
    bench.hear({ type: 'certificate', certificate: certificate('nullify', 0, undefined, [0, 1, 2], 1) }, 'honest')
    bench.hearProposal(0, last)
    bench.validate(last)
    bench.hearCertificate('notarize', 0, last.hash)
    bench.hearCertificate('finalize', 0, last.hash)
    bench.step({ type: 'epochSet', context: contextAt(1) })
    expect([bench.engine.epoch, bench.engine.view]).toEqual([1, 1])
  })

  it('may hold one proposal of a sender, whatever it weighs, and a few in all', () => {
    const bench = new Bench(follower)
    const early = (view: number) => ({ ...proposal(0, blockAt(0)), epoch: 1, view })
    const hear = (from: string, view: number) =>
      bench.hear({ type: 'proposal', proposal: early(view) }, from).length === 0
    expect([hear('flooder', 0), hear('flooder', 1)]).toEqual([true, false])
    const kept = Array.from({ length: 100 }, (_, i) => hear(`peer-${i}`, 0)).filter(Boolean)
    expect(kept).toHaveLength(MAX_EARLY_PROPOSALS - 1)
  })
})

describe('signs that others are further', () => {
  const later = { type: 'certificate', certificate: certificate('nullify', 0, undefined, [0, 1, 2], 2) } as const
  const named = (bench: Bench) => ofType(bench.tick(), 'lagging').map(({ from }) => from)

  it('of a liar that is always first do not hide those of others', () => {
    const bench = new Bench(follower)
    const asked: unknown[] = []
    for (let tick = 0; tick < 4; tick++) {
      for (const from of ['liar', 'liar', 'a', 'b']) bench.hear(later, from)
      asked.push(...named(bench))
    }
    expect(asked).toEqual(['liar', 'a', 'b', 'liar'])
  })

  it('are bounded, and every sender of many gets its turn', () => {
    const bench = new Bench(follower)
    const asked = new Set<unknown>()
    for (let tick = 0; tick < 3 * MAX_LAGGING_SENDERS; tick++) {
      // Whoever is first keeps its place among the few that are remembered.
      for (let i = 0; i < 2 * MAX_LAGGING_SENDERS; i++)
        bench.hear(later, `peer-${(i + tick) % (2 * MAX_LAGGING_SENDERS)}`)
      for (const from of named(bench)) asked.add(from)
    }
    expect(asked.size).toBeGreaterThan(MAX_LAGGING_SENDERS)
  })

  it('are over when an epoch begins', () => {
    const bench = new Bench(follower, { epochBlocks: 1 })
    bench.hear(later, 'peer')
    const block = blockAt(0)
    const head = {
      block,
      notarization: certificate('notarize', 0, block.hash),
      finalization: certificate('finalize', 0, block.hash),
    }
    bench.step({ type: 'synced', head, context: contextAt(1) })
    expect(named(bench)).toEqual([])
  })
})
