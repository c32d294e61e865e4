/** The rules one by one, as engine.ts names them. */
import { describe, expect, it } from 'vitest'
import {
  Bench,
  blockAt,
  certificate,
  contextAt,
  EVERYBODY,
  followerOf,
  GENESIS_BLOCK,
  leaderIn,
  ofType,
  proposal,
  viewLedBy,
  votesIn,
  wordsIn,
} from './fixture.ts'
import { BLOCK_INTERVAL_MS, NETWORK_DELAY_MS } from './simulation/network.ts'

const follower = followerOf(0, 1)
const delays = (bench: Bench) => ofType(bench.said(), 'setTimer').map(({ delayMs }) => delayMs)

describe('S1: entering a view', () => {
  it('starts two timers, and has the leader build on the head', () => {
    const bench = new Bench(leaderIn(0))
    const said = bench.said()
    expect(ofType(said, 'setTimer').map(({ id, delayMs }) => [id, delayMs])).toEqual([
      ['propose/0/0', BLOCK_INTERVAL_MS + 2 * NETWORK_DELAY_MS],
      ['advance/0/0', BLOCK_INTERVAL_MS + 5 * NETWORK_DELAY_MS],
      ['resend', NETWORK_DELAY_MS],
    ])
    expect(ofType(said, 'build')).toMatchObject([{ epoch: 0, view: 0, parentHash: GENESIS_BLOCK.hash }])
  })

  it('a follower does not build', () => {
    expect(ofType(new Bench(follower).said(), 'build')).toEqual([])
  })

  it('the leader builds on the highest notarised block with nullified views above it', () => {
    const me = leaderIn(0)
    const view = viewLedBy(me, 3)
    const bench = new Bench(me)
    const block = blockAt(0)
    bench.step({ type: 'built', epoch: 0, view: 0, block })
    bench.hearCertificate('notarize', 0, block.hash)
    bench.said()
    for (let nullified = 1; nullified < view; nullified++) bench.hearCertificate('nullify', nullified)
    const asked = ofType(bench.said(), 'build').filter((build) => build.view === view)
    expect(asked).toMatchObject([{ parentHash: block.hash, parentCertificate: { kind: 'notarize', view: 0 } }])
  })

  it('the leader asks for the certificate of a view that it knows nothing about, and builds when it comes', () => {
    const me = leaderIn(0)
    const view = viewLedBy(me, 3)
    const bench = new Bench(me)
    bench.hearCertificate('nullify', view - 1)
    const said = bench.said()
    expect(ofType(said, 'build').filter((build) => build.view === view)).toEqual([])
    expect(ofType(said, 'fetchCertificates')).toMatchObject([{ epoch: 0, fromView: view - 2, toView: view - 1 }])
    for (let missing = view - 2; missing >= 0; missing--) bench.hearCertificate('nullify', missing)
    expect(ofType(bench.said(), 'build')).toMatchObject([{ view, parentHash: GENESIS_BLOCK.hash }])
  })
})

describe('S2: the vote for a proposal', () => {
  const block = blockAt(0)

  it('comes when the host found it valid: body, vote, message, in this order', () => {
    const bench = new Bench(follower)
    expect(wordsIn(bench.hearProposal(0, block))).toEqual(['validate'])
    expect(wordsIn(bench.validate(block))).toEqual([
      'persist block',
      'cancelTimer propose/0/0',
      'persist notarize',
      'send notarize',
    ])
  })

  it('does not come for an invalid block', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    expect(bench.validate(block, 'invalid')).toEqual([])
  })

  it('asks again after D when the host could not say', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    expect(bench.validate(block, 'retry')).toEqual([])
    expect(ofType(bench.tick(), 'validate')).toHaveLength(1)
    expect(votesIn(bench.validate(block))).toEqual(['notarize/0'])
  })

  it('only the leader proposes', () => {
    const bench = new Bench(follower)
    const forged = proposal(0, block, follower)
    expect(wordsIn(bench.hear({ type: 'proposal', proposal: forged }))).toEqual(['rejected PROPOSAL_SIGNATURE'])
  })

  it('waits for the nullification of every view between, and asks for it', () => {
    const late = blockAt(2)
    const bench = new Bench(followerOf(2))
    bench.hearCertificate('nullify', 1)
    const heard = bench.hearProposal(2, late)
    expect(ofType(heard, 'fetchCertificates')).toMatchObject([{ fromView: 0, toView: 1 }])
    expect(votesIn(bench.validate(late))).toEqual([])
    expect(votesIn(bench.hearCertificate('nullify', 0))).toEqual(['notarize/2'])
  })

  it('takes the notarization of the parent from the block itself', () => {
    const child = blockAt(1, block)
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearProposal(1, child)
    expect(bench.engine.view).toBe(1)
    expect(votesIn(bench.validate(child))).toEqual(['notarize/1'])
  })

  it('a proposal of the next view waits for its view', () => {
    const child = blockAt(1, block)
    const late = blockAt(1)
    const bench = new Bench(follower)
    expect(wordsIn(bench.hearProposal(1, late))).toEqual([])
    expect(ofType(bench.hearCertificate('nullify', 0), 'validate')).toHaveLength(1)
    expect(child.header.parentHash).toEqual(block.hash)
  })

  it('a body that is not the one under the hash is the sender’s fault, and leaves room for the right one', () => {
    const bench = new Bench(follower)
    const swapped = { ...block, transactions: [Uint8Array.of(9)] }
    expect(wordsIn(bench.hearProposal(0, swapped))).toEqual(['rejected BLOCK_BODY'])
    expect(wordsIn(bench.hearProposal(0, block))).toEqual(['validate'])
  })
})

describe('S3: timers', () => {
  const block = blockAt(0)

  it('a timer makes it vote nullify, once', () => {
    const bench = new Bench(follower)
    expect(wordsIn(bench.timer('propose'))).toEqual(['persist nullify', 'send nullify'])
    expect(bench.timer('advance')).toEqual([])
  })

  it('after a nullify there is no notarize and no finalize', () => {
    const bench = new Bench(follower)
    bench.timer('propose')
    bench.hearProposal(0, block)
    expect(votesIn(bench.validate(block))).toEqual([])
    expect(votesIn(bench.hearCertificate('notarize', 0, block.hash))).toEqual([])
    expect(bench.engine.view).toBe(1)
  })

  it('a leader that nullified its view does not propose in it', () => {
    const bench = new Bench(leaderIn(0))
    bench.timer('advance')
    expect(bench.step({ type: 'built', epoch: 0, view: 0, block })).toEqual([])
  })

  it('a timer of a view that was left says nothing', () => {
    const bench = new Bench(follower)
    bench.hearCertificate('nullify', 0)
    expect(bench.step({ type: 'timer', id: 'propose/0/0' })).toEqual([])
  })

  it('timers double with every nullified view up to 64-fold, and a finalization resets them', () => {
    const base = BLOCK_INTERVAL_MS + 2 * NETWORK_DELAY_MS
    const bench = new Bench(follower)
    bench.said()
    const factors = Array.from({ length: 8 }, (_, view) => {
      bench.hearCertificate('nullify', view)
      return delays(bench)[0]! / base
    })
    expect(factors).toEqual([2, 4, 8, 16, 32, 64, 64, 64])
    bench.hearCertificate('finalize', 8, blockAt(8).hash)
    expect(delays(bench)[0]! / base).toBe(1)
  })
})

describe('S4, S5, S6: certificates', () => {
  const block = blockAt(0)
  const others = EVERYBODY.filter((index) => index !== follower)

  it('votes make a notarization: stored, forwarded, answered with finalize, next view', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearVote('notarize', 0, block.hash, others[0]!)
    const words = wordsIn(bench.hearVote('notarize', 0, block.hash, others[1]!))
    expect(words.slice(0, 4)).toEqual([
      'persist notarize certificate',
      'send notarize certificate',
      'persist finalize',
      'send finalize',
    ])
    expect(words).toContain('setTimer propose/0/1')
    expect(words).toContain('notarized')
  })

  it('a finalization commits the block and its ancestors, oldest first', () => {
    const child = blockAt(1, block)
    const bench = new Bench(follower)
    for (const [view, each] of [block, child].entries()) {
      bench.hearProposal(view, each)
      bench.validate(each)
    }
    bench.hearCertificate('notarize', 1, child.hash)
    const [committed] = ofType(bench.hearCertificate('finalize', 1, child.hash), 'finalized')
    expect(committed?.blocks).toEqual([block, child])
    expect(committed?.endsEpoch).toBe(false)
    expect(bench.engine.head.block).toEqual(child)
  })

  it('a certificate is forwarded once', () => {
    const bench = new Bench(follower)
    expect(wordsIn(bench.hearCertificate('nullify', 0))).toContain('send nullify certificate')
    const other = certificate('nullify', 0, undefined, [1, 2, 3])
    expect(wordsIn(bench.hear({ type: 'certificate', certificate: other }))).toEqual(['ignored CERTIFICATE_KNOWN'])
  })

  it('finalizes a view that it left by a nullification, when its notarization comes late', () => {
    const bench = new Bench(follower)
    bench.hearCertificate('nullify', 0)
    expect(votesIn(bench.hearCertificate('notarize', 0, block.hash))).toEqual(['finalize/0'])
  })

  it('a finalization beside the final chain stops the engine', () => {
    const rival = blockAt(0, GENESIS_BLOCK, 2)
    const child = blockAt(1, rival)
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.hearCertificate('finalize', 0, block.hash)
    bench.hearCertificate('finalize', 1, child.hash)
    expect(wordsIn(bench.step({ type: 'blockFetched', block: child }))).toContain('halt FINAL_CONFLICT')
    expect(bench.hearCertificate('nullify', 2)).toEqual([])
    expect(bench.engine.isHalted).toBe(true)
  })

  it('a final block that is not valid here stops the engine', () => {
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.hearCertificate('finalize', 0, block.hash)
    expect(wordsIn(bench.validate(block, 'invalid'))).toEqual(['halt FINAL_INVALID'])
  })
})

describe('S9: the end of an epoch', () => {
  const last = blockAt(0)

  it('its last block is proposed again, unchanged, until it is final', () => {
    const leader = leaderIn(1)
    const bench = new Bench(leader, { epochBlocks: 1 })
    bench.hearProposal(0, last)
    bench.validate(last)
    const said = bench.hearCertificate('notarize', 0, last.hash)
    expect(ofType(said, 'build')).toEqual([])
    const again = ofType(said, 'broadcast').flatMap(({ message }) =>
      message.type === 'proposal' ? [message.proposal] : [],
    )
    expect(again).toMatchObject([{ epoch: 0, view: 1, block: { hash: last.hash, header: { view: 0 } } }])
    expect(votesIn(said)).toEqual(['finalize/0', 'notarize/1'])
  })

  it('a follower votes for it again, on its newest notarization', () => {
    const bench = new Bench(follower, { epochBlocks: 1 })
    bench.hearProposal(0, last)
    bench.validate(last)
    bench.hearCertificate('notarize', 0, last.hash)
    expect(votesIn(bench.hearProposal(1, last))).toEqual(['notarize/1'])
  })

  it('a last block that nobody notarised cannot be proposed again', () => {
    const bench = new Bench(follower, { epochBlocks: 1 })
    bench.hearCertificate('nullify', 0)
    const heard = bench.hearProposal(1, last)
    expect(ofType(heard, 'validate')).toEqual([])
    expect(ofType(heard, 'fetchCertificates')).toMatchObject([{ fromView: 0, toView: 0 }])
    expect(votesIn(bench.validate(last))).toEqual([])
  })

  it('nothing is built on it within the epoch', () => {
    const bench = new Bench(follower, { epochBlocks: 1 })
    expect(wordsIn(bench.hearProposal(1, blockAt(1, last)))).toEqual(['rejected PROPOSAL_SHAPE'])
  })

  it('only its finalization opens the next epoch; what came early is heard then', () => {
    const bench = new Bench(follower, { epochBlocks: 1 })
    bench.hearProposal(0, last)
    bench.validate(last)
    bench.hearCertificate('notarize', 0, last.hash)
    const early = certificate('nullify', 0, undefined, [0, 1, 2], 1)
    expect(bench.hear({ type: 'certificate', certificate: early })).toEqual([])
    const [committed] = ofType(bench.hearCertificate('finalize', 0, last.hash), 'finalized')
    expect(committed?.endsEpoch).toBe(true)
    expect(votesIn(bench.timer('propose'))).toEqual([])
    bench.said()
    bench.step({ type: 'epochSet', context: contextAt(1) })
    expect(bench.engine.epoch).toBe(1)
    expect(bench.engine.view).toBe(1)
    expect(wordsIn(bench.said())).toContain('send nullify certificate')
  })
})

describe('an observer', () => {
  const block = blockAt(0)

  it('follows to finality and never signs', () => {
    const bench = new Bench(undefined)
    bench.hearProposal(0, block)
    for (const index of [0, 1, 2]) bench.hearVote('notarize', 0, block.hash, index)
    bench.validate(block)
    for (const index of [0, 1, 2]) bench.hearVote('finalize', 0, block.hash, index)
    bench.tick()
    const said = bench.said()
    expect(ofType(said, 'finalized')).toHaveLength(1)
    expect(votesIn(said)).toEqual([])
    expect(ofType(said, 'setTimer').every(({ id }) => id === 'resend')).toBe(true)
  })
})

describe('the contract', () => {
  it('start comes first and once', () => {
    const bench = new Bench(follower)
    expect(() => bench.step({ type: 'start' })).toThrow('start comes first')
  })
})
