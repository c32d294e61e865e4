/** Intake of votes: what is refused, what is evidence, what forged votes cannot do. */
import { describe, expect, it } from 'vitest'
import type { BlsScheme } from '../../core/bls.ts'
import { ZERO_HASH } from '../../core/bytes.ts'
import { signerIndexes, verifyCertificate } from '../certificate.ts'
import type { Vote } from '../types.ts'
import {
  Bench,
  blockAt,
  contextAt,
  EVERYBODY,
  followerOf,
  GENESIS_BLOCK,
  keys,
  leaderIn,
  ofType,
  proposal,
  scheme,
  viewLedBy,
  vote,
  wordsIn,
} from './fixture.ts'
import { GENESIS_HASH } from './simulation/network.ts'

const follower = followerOf(0, 1)
const others = EVERYBODY.filter((index) => index !== follower)
const block = blockAt(0)
const rival = blockAt(0, GENESIS_BLOCK, 2)
const forged = (like: Vote): Vote => ({ ...like, signature: new Uint8Array(96).fill(1) })

function counting(): { scheme: BlsScheme; counts: { single: number; together: number } } {
  const counts = { single: 0, together: 0 }
  return {
    counts,
    scheme: {
      ...scheme,
      verify: (...args) => {
        counts.single++
        return scheme.verify(...args)
      },
      verifyAggregate: (...args) => {
        counts.together++
        return scheme.verifyAggregate(...args)
      },
    },
  }
}

describe('refusals', () => {
  const hear = (each: Vote) => wordsIn(new Bench(follower).hear({ type: 'vote', vote: each }))

  it('of votes that no honest node sends: reject', () => {
    expect(hear({ ...vote('nullify', 0, ZERO_HASH, 0), validator: 4 })).toEqual(['rejected VOTE_SIGNER'])
    expect(hear({ ...vote('nullify', 0, ZERO_HASH, 0), blockHash: block.hash })).toEqual(['rejected VOTE_SHAPE'])
    expect(hear({ ...vote('notarize', 0, block.hash, 0), blockHash: ZERO_HASH })).toEqual(['rejected VOTE_SHAPE'])
    expect(hear(forged(vote('nullify', 0, ZERO_HASH, follower)))).toEqual(['rejected VOTE_SIGNATURE'])
  })

  it('of old, early and known ones: ignore', () => {
    const bench = new Bench(follower)
    const early = { ...vote('nullify', 0, ZERO_HASH, 0), epoch: 2 }
    expect(wordsIn(bench.hear({ type: 'vote', vote: early }))).toEqual(['ignored EPOCH_AHEAD'])
    bench.hearVote('nullify', 0, ZERO_HASH, 0)
    expect(wordsIn(bench.hearVote('nullify', 0, ZERO_HASH, 0))).toEqual(['ignored VOTE_KNOWN'])
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.hearCertificate('finalize', 0, block.hash)
    expect(wordsIn(bench.hearVote('nullify', 0, ZERO_HASH, 1))).toEqual(['ignored VIEW_PAST'])
  })

  it('with checks on each vote a forged one is rejected at once', () => {
    const bench = new Bench(follower, { voteChecks: 'each' })
    const bad = forged(vote('notarize', 0, block.hash, others[0]!))
    expect(wordsIn(bench.hear({ type: 'vote', vote: bad }))).toEqual(['rejected VOTE_SIGNATURE'])
  })
})

describe('batches', () => {
  it('a quorum of votes costs one verification', () => {
    const { scheme, counts } = counting()
    const bench = new Bench(undefined, { scheme })
    for (const index of [0, 1, 2]) bench.hearVote('nullify', 0, ZERO_HASH, index)
    expect(bench.engine.view).toBe(1)
    expect(counts).toEqual({ single: 0, together: 1 })
  })

  it('two of four are no quorum', () => {
    const bench = new Bench(undefined)
    for (const index of [0, 1]) bench.hearVote('nullify', 0, ZERO_HASH, index)
    expect(bench.engine.view).toBe(0)
  })

  it('a forged vote keeps no true one out, whichever comes first', () => {
    const bench = new Bench(undefined)
    for (const index of [0, 1]) bench.hearVote('nullify', 0, ZERO_HASH, index)
    const bad = forged(vote('nullify', 0, ZERO_HASH, 2))
    const said = bench.hear({ type: 'vote', vote: bad }, 'liar')
    expect(said).toEqual([{ type: 'rejected', from: 'liar', code: 'VOTE_SIGNATURE' }])
    expect(bench.engine.view).toBe(0)
    bench.hearVote('nullify', 0, ZERO_HASH, 2)
    expect(bench.engine.view).toBe(1)
  })

  it('a forged vote for another block is dropped when the true one comes', () => {
    const bench = new Bench(undefined)
    bench.hear({ type: 'vote', vote: forged(vote('notarize', 0, rival.hash, 2)) }, 'liar')
    const said = bench.hearVote('notarize', 0, block.hash, 2)
    expect(said).toEqual([{ type: 'rejected', from: 'liar', code: 'VOTE_SIGNATURE' }])
    for (const index of [0, 1]) bench.hearVote('notarize', 0, block.hash, index)
    expect(bench.engine.view).toBe(1)
  })
})

describe('evidence', () => {
  const culprit = others[0]!
  const accused = (bench: Bench) =>
    ofType(bench.said(), 'misbehaviour').map(({ evidence }) => [
      evidence.validator,
      evidence.view,
      evidence.first.type,
      evidence.second.type,
    ])

  it('two notarizes in a view', () => {
    const bench = new Bench(follower)
    for (const each of [block, rival, blockAt(0, GENESIS_BLOCK, 3)]) bench.hearVote('notarize', 0, each.hash, culprit)
    expect(accused(bench)).toEqual([[keys[culprit]!.address, 0, 'notarize', 'notarize']])
  })

  it('finalize beside nullify', () => {
    const bench = new Bench(follower)
    bench.hearVote('finalize', 0, block.hash, culprit)
    bench.hearVote('nullify', 0, ZERO_HASH, culprit)
    expect(accused(bench)).toEqual([[keys[culprit]!.address, 0, 'finalize', 'nullify']])
  })

  it('two proposals in a view', () => {
    const leader = leaderIn(0)
    const bench = new Bench(follower)
    bench.hearProposal(0, block)
    bench.hearProposal(0, rival)
    expect(accused(bench)).toEqual([[keys[leader]!.address, 0, 'proposal', 'proposal']])
  })

  it('is none: notarize and then nullify, votes in two views, forged votes', () => {
    const bench = new Bench(follower)
    bench.hearVote('notarize', 0, block.hash, culprit)
    bench.hearVote('nullify', 0, ZERO_HASH, culprit)
    bench.hearVote('notarize', 1, rival.hash, culprit)
    bench.hear({ type: 'vote', vote: forged(vote('notarize', 0, rival.hash, culprit)) })
    bench.hear({ type: 'vote', vote: forged(vote('finalize', 1, rival.hash, culprit)) })
    bench.hearVote('nullify', 1, ZERO_HASH, culprit)
    const bad = { ...proposal(0, rival), signature: new Uint8Array(96).fill(2) }
    bench.hearProposal(0, block)
    bench.hear({ type: 'proposal', proposal: bad })
    expect(accused(bench)).toEqual([])
  })
})

describe('late votes', () => {
  it('widen the notarization that the next block carries', () => {
    const leader = viewLedBy(leaderIn(1), 1) === 1 ? leaderIn(1) : follower
    const bench = new Bench(leader)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    for (const index of [0, 1, 2]) bench.hearVote('finalize', 0, block.hash, index)
    expect(bench.engine.head.block).toEqual(block)
    const before = bench.engine.widestNotarization(block.hash)
    expect(signerIndexes(before!.signers)).toEqual([0, 1, 2])
    for (const index of EVERYBODY) bench.hearVote('notarize', 0, block.hash, index)
    const after = bench.engine.widestNotarization(block.hash)
    expect(signerIndexes(after!.signers)).toEqual([0, 1, 2, 3])
    expect(verifyCertificate(after!, contextAt(0).set, GENESIS_HASH, scheme)).toBe(true)
  })

  it('a forged one for the head keeps no true one out', () => {
    const bench = new Bench(undefined)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.hearCertificate('finalize', 0, block.hash)
    expect(bench.engine.head.block).toEqual(block)
    const late = vote('notarize', 0, block.hash, 3)
    bench.hear({ type: 'vote', vote: forged(late) })
    for (const index of EVERYBODY) bench.hearVote('notarize', 0, block.hash, index)
    expect(signerIndexes(bench.engine.widestNotarization(block.hash)!.signers)).toEqual([0, 1, 2, 3])
    expect(wordsIn(bench.hear({ type: 'vote', vote: forged(late) }))).toEqual(['ignored VOTE_KNOWN'])
  })

  it('are checked before they are passed on, where votes are', () => {
    const bench = new Bench(undefined, { voteChecks: 'each' })
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    bench.hearCertificate('finalize', 0, block.hash)
    const late = vote('notarize', 0, block.hash, 3)
    expect(wordsIn(bench.hear({ type: 'vote', vote: forged(late) }))).toEqual(['rejected VOTE_SIGNATURE'])
    expect(wordsIn(bench.hear({ type: 'vote', vote: late }))).toEqual([])
  })

  it('a forged one among them does not spoil it', () => {
    const bench = new Bench(undefined)
    bench.hearProposal(0, block)
    bench.validate(block)
    bench.hearCertificate('notarize', 0, block.hash)
    for (const index of [0, 1, 2]) bench.hearVote('notarize', 0, block.hash, index)
    bench.hear({ type: 'vote', vote: forged(vote('notarize', 0, block.hash, 3)) })
    const widest = bench.engine.widestNotarization(block.hash)
    expect(signerIndexes(widest!.signers)).toEqual([0, 1, 2])
  })
})
