/** Beyond the rows of rules-restart.test.ts: a commit cut short, what peers are served, how one that fell behind comes back. */
import { describe, expect, it } from 'vitest'
import { Bench, blockAt, certificate, contextAt, followerOf, ofType, wordsIn } from './fixture.ts'
import { SYNC_BLOCKS, VOTE_VIEWS_AHEAD } from './limits.ts'

const follower = followerOf(0, 1)
const block = blockAt(0)

describe('after a crash', () => {
  it('goes on from a commit of two blocks that was cut short after the first', () => {
    const child = blockAt(1, block)
    const before = new Bench(follower)
    for (const each of [block, child]) {
      before.hearProposal(each.header.view, each)
      before.validate(each)
    }
    before.hearCertificate('notarize', 1, child.hash)
    before.hearCertificate('finalize', 1, child.hash)
    const head = { block, notarization: certificate('notarize', 0, block.hash), finalization: undefined }
    const after = new Bench(follower, { head, records: before.records })
    expect(after.engine.view).toBe(2)
    expect(ofType(after.validate(child), 'finalized')).toMatchObject([{ blocks: [child] }])
  })
})

describe('serving others', () => {
  it('what a peer is served is what it needs', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.hearCertificate('finalize', 0, block.hash)
    bench.hearCertificate('nullify', 1)
    const kinds = (fromView: number) =>
      bench.engine.certificatesFrom(0, fromView).map(({ kind, view }) => `${kind}/${view}`)
    expect(kinds(0)).toEqual(['finalize/0', 'notarize/0', 'nullify/1'])
    expect(kinds(1)).toEqual(['nullify/1'])
    expect(bench.engine.certificatesFrom(1, 0)).toEqual([])
  })
})

describe('falling behind', () => {
  it('a certificate counts however far ahead it is, a vote does not', () => {
    const bench = new Bench(follower)
    const far = VOTE_VIEWS_AHEAD + 1
    expect(wordsIn(bench.hearVote('nullify', far, new Uint8Array(32), 0))).toEqual(['ignored VIEW_AHEAD'])
    expect(wordsIn(bench.hearProposal(far, blockAt(far)))).toEqual(['ignored VIEW_AHEAD'])
    bench.hearCertificate('nullify', 5_000)
    expect(bench.engine.view).toBe(5_001)
  })

  it('jumps by the newest finalization, and walks back to its own head', () => {
    const chain = [block]
    for (let view = 1; view < 4; view++) chain.push(blockAt(view, chain.at(-1)))
    const bench = new Bench(follower)
    const top = chain.at(-1)!
    bench.hearCertificate('notarize', 3, top.hash)
    bench.hearCertificate('finalize', 3, top.hash)
    expect(bench.engine.view).toBe(4)
    for (const each of chain.toReversed()) {
      expect(ofType(bench.said(), 'fetchBlock').some(({ hash }) => hash === each.hash)).toBe(true)
      bench.step({ type: 'blockFetched', block: each })
    }
    for (const each of chain) bench.validate(each)
    expect(ofType(bench.said(), 'finalized')).toMatchObject([{ blocks: chain }])
  })

  it('without the notarization that the next block must carry it asks for that before it commits', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.hearCertificate('finalize', 0, block.hash)
    const said = bench.validate(block)
    expect(ofType(said, 'finalized')).toEqual([])
    expect(ofType(said, 'fetchCertificates')).toMatchObject([{ fromView: 0, toView: 0 }])
    expect(ofType(bench.hearCertificate('notarize', 0, block.hash), 'finalized')).toHaveLength(1)
  })

  it('says that it is lagging when others speak of a later epoch, once in D', () => {
    const bench = new Bench(follower)
    for (let epoch = 2; epoch < 5; epoch++) {
      const later = certificate('nullify', 0, undefined, [0, 1, 2], epoch)
      expect(wordsIn(bench.hear({ type: 'certificate', certificate: later }))).toEqual(['ignored EPOCH_AHEAD'])
    }
    expect(ofType(bench.tick(), 'lagging')).toEqual([{ type: 'lagging', epoch: 2, from: 'peer' }])
    expect(ofType(bench.tick(), 'lagging')).toEqual([])
  })

  it('says so too when a final block is far above its head', () => {
    let top = block
    for (let view = 1; view <= SYNC_BLOCKS; view++) top = blockAt(view, top)
    const bench = new Bench(follower)
    bench.hearCertificate('finalize', SYNC_BLOCKS, top.hash)
    bench.step({ type: 'blockFetched', block: top })
    expect(ofType(bench.tick(), 'lagging')).toHaveLength(1)
  })

  it('takes over what its host synced, in this epoch or a later one', () => {
    const bench = new Bench(follower, { epochBlocks: 2 })
    const head = (each: typeof block, view: number) => ({
      block: each,
      notarization: certificate('notarize', view, each.hash),
      finalization: certificate('finalize', view, each.hash),
    })
    bench.step({ type: 'synced', head: head(block, 0), context: contextAt(0) })
    expect(bench.engine.view).toBe(1)
    const second = blockAt(3, block)
    bench.step({ type: 'synced', head: head(second, 3), context: contextAt(1) })
    expect([bench.engine.epoch, bench.engine.view]).toEqual([1, 0])
    bench.step({ type: 'synced', head: head(block, 0), context: contextAt(0) })
    expect(bench.engine.head.block).toEqual(second)
  })
})
