/** What keeps a validator's key from signing twice where the journal alone cannot: lost disks, and two processes with one key. */
import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../../core/bytes.ts'
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
import { ADOPT_TICKS } from './limits.ts'

const follower = followerOf(0, 1)
const block = blockAt(0)
const rival = blockAt(0, GENESIS_BLOCK, 2)

/** Past the time in which unknown statements of our own are taken for echoes. */
function settled(me: number | undefined, overrides: ConstructorParameters<typeof Bench>[1] = {}): Bench {
  const bench = new Bench(me, overrides)
  for (let tick = 0; tick < ADOPT_TICKS; tick++) bench.tick()
  bench.said()
  return bench
}

/** All that a validator may sign in view 0, and what makes it do so. */
const SIGNINGS: readonly (readonly [string, (bench: Bench) => void, string])[] = [
  ['nullify', (bench) => bench.timer('propose'), 'nullify/0'],
  [
    'notarize',
    (bench) => {
      bench.hearProposal(0, block)
      bench.validate(block)
    },
    'notarize/0',
  ],
  ['finalize', (bench) => bench.hearCertificate('notarize', 0, block.hash), 'finalize/0'],
]

describe('barredUpTo', () => {
  it.each(SIGNINGS)('no %s at or below it', (_, act, vote) => {
    const free = new Bench(follower)
    act(free)
    expect(votesIn(free.said())).toEqual([vote])
    for (const barredUpTo of [
      { epoch: 0, view: 0 },
      { epoch: 0, view: 7 },
      { epoch: 1, view: 0 },
    ]) {
      const barred = new Bench(follower, { barredUpTo })
      act(barred)
      expect(votesIn(barred.said())).toEqual([])
      expect(barred.records.filter(({ type }) => type === 'vote')).toEqual([])
    }
  })

  it('no proposal, and nothing is built', () => {
    const leader = leaderIn(0)
    expect(ofType(new Bench(leader).said(), 'build')).toHaveLength(1)
    const barred = new Bench(leader, { barredUpTo: { epoch: 0, view: 0 } })
    expect(ofType(barred.said(), 'build')).toEqual([])
    expect(wordsIn(barred.step({ type: 'built', epoch: 0, view: 0, block }))).toEqual([])
  })

  it('what the journal holds is sent again, and nothing beside it', () => {
    const before = new Bench(follower)
    before.hearProposal(0, block)
    before.validate(block)
    const after = new Bench(follower, { records: before.records, barredUpTo: { epoch: 0, view: 0 } })
    expect(votesIn(after.said())).toEqual(['notarize/0'])
    after.timer('advance')
    expect(votesIn(after.tick())).toEqual(['notarize/0'])
    const leads = new Bench(leaderIn(0))
    leads.step({ type: 'built', epoch: 0, view: 0, block })
    const again = new Bench(leaderIn(0), { records: leads.records, barredUpTo: { epoch: 0, view: 0 } })
    expect(wordsIn(again.said())).toContain('send proposal')
  })

  it('the next view is free, and so is the next epoch', () => {
    const bench = new Bench(follower, { barredUpTo: { epoch: 0, view: 0 } })
    bench.hearCertificate('nullify', 0)
    bench.timer('propose')
    expect(votesIn(bench.said())).toEqual(['nullify/1'])

    const ends = new Bench(follower, { epochBlocks: 1, barredUpTo: { epoch: 0, view: 99 } })
    ends.hearProposal(0, block)
    ends.validate(block)
    ends.hearCertificate('notarize', 0, block.hash)
    ends.hearCertificate('finalize', 0, block.hash)
    ends.step({ type: 'epochSet', context: contextAt(1) })
    ends.timer('propose')
    expect(votesIn(ends.said())).toEqual(['nullify/0'])
  })
})

describe('a statement of our own key that we did not make', () => {
  it('is adopted, and binds, in the views of the start', () => {
    const bench = settled(follower)
    expect(wordsIn(bench.hearVote('nullify', 0, ZERO_HASH, follower))).toEqual([])
    bench.hearProposal(0, block)
    bench.validate(block)
    expect(votesIn(bench.said())).toEqual([])
  })

  it('is adopted wherever it stands as long as echoes may come', () => {
    const bench = new Bench(follower)
    bench.hearCertificate('nullify', 0)
    bench.hearCertificate('nullify', 1)
    expect(wordsIn(bench.hearVote('nullify', 2, ZERO_HASH, follower))).toEqual([])
    expect(wordsIn(bench.hearVote('nullify', 9, ZERO_HASH, follower))).toEqual([])
  })

  it.each(['notarize', 'nullify', 'finalize'] as const)(
    'a %s in a view entered since shows that another has the key',
    (kind) => {
      const bench = settled(follower)
      bench.hearCertificate('nullify', 0)
      const hash = kind === 'nullify' ? ZERO_HASH : block.hash
      expect(ofType(bench.hearVote(kind, 1, hash, follower), 'keyElsewhere')).toEqual([
        { type: 'keyElsewhere', epoch: 0, view: 1 },
      ])
    },
  )

  it('so does a second vote beside our own, a finalize too, and a proposal of a view that we lead', () => {
    for (const kind of ['notarize', 'finalize'] as const) {
      const bench = settled(follower)
      bench.hearCertificate('nullify', 0)
      const own = blockAt(1)
      bench.hearProposal(1, own)
      bench.validate(own)
      if (kind === 'finalize') bench.hearCertificate('notarize', 1, own.hash)
      expect(votesIn(bench.said())).toContain(`${kind}/1`)
      expect(ofType(bench.hearVote(kind, 1, rival.hash, follower), 'keyElsewhere')).toHaveLength(1)
      expect(bench.hearVote(kind, 1, own.hash, follower).map(({ type }) => type)).not.toContain('keyElsewhere')
    }
    const leader = leaderIn(1)
    const view = viewLedBy(leader, 1)
    const bench = settled(leader)
    for (let before = 0; before < view; before++) bench.hearCertificate('nullify', before)
    const foreign = blockAt(view)
    expect(ofType(bench.hear({ type: 'proposal', proposal: proposal(view, foreign) }), 'keyElsewhere')).toHaveLength(1)
  })

  it('is an echo of an earlier life wherever that may have signed what this disk does not hold', () => {
    const bench = settled(follower, { barredUpTo: { epoch: 0, view: 1 } })
    bench.hearCertificate('nullify', 0)
    bench.hearCertificate('nullify', 1)
    expect(ofType(bench.hearVote('nullify', 1, ZERO_HASH, follower), 'keyElsewhere')).toEqual([])
    expect(ofType(bench.hearVote('nullify', 2, ZERO_HASH, follower), 'keyElsewhere')).toHaveLength(1)
  })

  it('a forged one shows nothing, and neither does what others say', () => {
    const bench = settled(follower)
    bench.hearCertificate('nullify', 0)
    const vote = { kind: 'nullify', epoch: 0, view: 1, blockHash: ZERO_HASH, validator: follower } as const
    const forged = { ...vote, signature: new Uint8Array(96).fill(1) }
    expect(wordsIn(bench.hear({ type: 'vote', vote: forged }))).toEqual(['rejected VOTE_SIGNATURE'])
    for (const other of EVERYBODY.filter((index) => index !== follower)) {
      bench.hearVote('notarize', 1, blockAt(1).hash, other)
    }
    expect(ofType(bench.said(), 'keyElsewhere')).toEqual([])
  })

  it('what we said ourselves comes back without harm, after a restart too', () => {
    const first = settled(follower)
    first.hearCertificate('nullify', 0)
    first.timer('propose')
    const again = settled(follower, { records: first.records })
    for (const bench of [first, again]) {
      expect(ofType(bench.hearVote('nullify', 1, ZERO_HASH, follower), 'keyElsewhere')).toEqual([])
    }
  })

  it('a jump by its host makes it look for echoes again', () => {
    const bench = settled(follower)
    const head = {
      block,
      notarization: certificate('notarize', 0, block.hash),
      finalization: certificate('finalize', 0, block.hash),
    }
    bench.step({ type: 'synced', head, context: contextAt(0) })
    expect(wordsIn(bench.hearVote('nullify', 1, ZERO_HASH, follower))).toEqual([])
    for (let tick = 0; tick < ADOPT_TICKS; tick++) bench.tick()
    bench.hearCertificate('nullify', 1)
    expect(ofType(bench.hearVote('nullify', 2, ZERO_HASH, follower), 'keyElsewhere')).toHaveLength(1)
  })
})
