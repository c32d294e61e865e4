/** S7 and S8: what a restart keeps, what is sent again, how one that fell behind comes back. */
import { describe, expect, it } from 'vitest'
import {
  Bench,
  blockAt,
  certificate,
  contextAt,
  followerOf,
  GENESIS_BLOCK,
  leaderIn,
  ofType,
  votesIn,
  wordsIn,
} from './fixture.ts'
import { SYNC_BLOCKS, VOTE_VIEWS_AHEAD } from './limits.ts'

const follower = followerOf(0, 1)
const block = blockAt(0)

/** The same validator after a crash, with what its disk held. */
const restarted = (before: Bench, me: number) => new Bench(me, { records: before.records })

describe('S7: after a restart', () => {
  it('the recorded vote is sent again, and no other', () => {
    const before = new Bench(follower)
    before.hearProposal(0, block)
    before.validate(block)
    const after = restarted(before, follower)
    expect(votesIn(after.said())).toEqual(['notarize/0'])
    const rival = blockAt(0, GENESIS_BLOCK, 2)
    after.hearProposal(0, rival)
    after.validate(rival)
    expect(votesIn(after.said())).toEqual([])
  })

  it('a recorded nullify still forbids notarize and finalize', () => {
    const before = new Bench(follower)
    before.timer('propose')
    const after = restarted(before, follower)
    after.said()
    after.hearProposal(0, block)
    after.validate(block)
    after.hearCertificate('notarize', 0, block.hash)
    expect(votesIn(after.said())).toEqual([])
  })

  it('a recorded finalize still forbids nullify', () => {
    const before = new Bench(follower)
    before.hearCertificate('notarize', 0, block.hash)
    const records = before.records.filter((record) => record.type === 'vote')
    const after = new Bench(follower, { records })
    expect(after.engine.view).toBe(0)
    after.said()
    expect(after.timer('advance')).toEqual([])
  })

  it('the recorded proposal is sent again and nothing else is built', () => {
    const leader = leaderIn(0)
    const before = new Bench(leader)
    before.step({ type: 'built', epoch: 0, view: 0, block })
    const said = restarted(before, leader).said()
    expect(ofType(said, 'build')).toEqual([])
    const sent = ofType(said, 'broadcast').flatMap(({ message }) =>
      message.type === 'proposal' ? [message.proposal] : [],
    )
    expect(sent).toMatchObject([{ view: 0, block: { hash: block.hash } }])
  })

  it('it stands in the view that its certificates led to, and finalizes what it had not yet', () => {
    const before = new Bench(follower)
    before.hearCertificate('notarize', 0, block.hash)
    const records = before.records.filter((record) => record.type === 'certificate')
    const after = new Bench(follower, { records })
    expect(after.engine.view).toBe(1)
    expect(votesIn(after.said())).toEqual(['finalize/0'])
  })

  it('bodies on disk are executed again before anything is built on them', () => {
    const before = new Bench(follower)
    before.hearProposal(0, block)
    before.validate(block)
    before.hearCertificate('notarize', 0, block.hash)
    const after = restarted(before, follower)
    expect(ofType(after.said(), 'validate')).toMatchObject([{ block: { hash: block.hash } }])
    expect(wordsIn(after.validate(block))).toContain('notarized')
  })

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

  it('a vote of ours that somebody remembers binds us though our disk is lost', () => {
    const bench = new Bench(follower)
    bench.hearVote('nullify', 0, new Uint8Array(32), follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    expect(votesIn(bench.said())).toEqual([])
  })
})

describe('S8: every D', () => {
  it('own votes of open views and the certificate that opened this one are sent again', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.timer('propose')
    bench.said()
    const words = wordsIn(bench.tick())
    expect(words).toEqual([
      'send notarize certificate',
      'send notarize',
      'send finalize',
      'send nullify',
      'setTimer resend',
    ])
  })

  it('votes of final views are not', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.hearCertificate('finalize', 0, block.hash)
    bench.said()
    expect(votesIn(bench.tick())).toEqual([])
  })

  it('a missing block is asked for, from those who voted for it, again and again', () => {
    const bench = new Bench(follower)
    const asked = bench.hearCertificate('notarize', 0, block.hash)
    expect(ofType(asked, 'fetchBlock')).toEqual([{ type: 'fetchBlock', hash: block.hash, hints: [0, 1, 2] }])
    expect(ofType(bench.hearCertificate('nullify', 1), 'fetchBlock')).toEqual([])
    expect(ofType(bench.tick(), 'fetchBlock')).toHaveLength(1)
    expect(wordsIn(bench.step({ type: 'blockFetched', block }))).toEqual(['validate'])
    expect(ofType(bench.tick(), 'fetchBlock')).toEqual([])
  })

  it('nobody can make it hold a block that no quorum stands behind', () => {
    const bench = new Bench(follower)
    expect(wordsIn(bench.step({ type: 'blockFetched', block }))).toEqual(['ignored BLOCK_UNWANTED'])
  })

  it('missing certificates are asked for once in D', () => {
    const bench = new Bench(followerOf(2))
    bench.hearCertificate('nullify', 1)
    expect(ofType(bench.hearProposal(2, blockAt(2)), 'fetchCertificates')).toHaveLength(1)
    expect(ofType(bench.validate(blockAt(2)), 'fetchCertificates')).toEqual([])
    expect(ofType(bench.tick(), 'fetchCertificates')).toHaveLength(1)
  })

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
