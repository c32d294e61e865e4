/**
 * Around the end of an epoch, and behind it: messages of three epochs in any order, and certificates that are asked for in
 * pieces over gaps of any size.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../../core/bytes.ts'
import type { Certificate, Message } from '../types.ts'
import {
  Bench,
  blockAt,
  certificate,
  contextAt,
  EVERYBODY,
  followerOf,
  leaderIn,
  ofType,
  proposal,
  vote,
} from './fixture.ts'
import { MAX_CERTIFICATES_SERVED } from './limits.ts'
import type { Output } from './types.ts'

const follower = followerOf(0, 1)
const last = blockAt(0)
/** Height 1 ends epoch 0. */
const ONE_BLOCK = { epochBlocks: 1 }

describe('messages of three epochs in any order', () => {
  /** Views that are nullified in epoch 1. */
  const VIEWS = 3
  const messages: Message[] = [{ type: 'proposal', proposal: proposal(0, last) }]
  const say = (kind: 'notarize' | 'finalize' | 'nullify', view: number, epoch: number): void => {
    const hash = kind === 'nullify' ? ZERO_HASH : last.hash
    for (const one of EVERYBODY) {
      if (one !== follower) messages.push({ type: 'vote', vote: vote(kind, view, hash, one, epoch) })
    }
  }
  say('notarize', 0, 0)
  say('finalize', 0, 0)
  // What the last epoch leaves behind: a later view of it that no longer matters.
  messages.push({ type: 'certificate', certificate: certificate('nullify', 1) })
  for (let view = 0; view < VIEWS; view++) say('nullify', view, 1)
  messages.push({ type: 'certificate', certificate: certificate('nullify', 0, ZERO_HASH, [0, 1, 2], 2) })

  /** Everything in some order; then again, as its senders repeat it every D. */
  function play(order: readonly number[], senders: number): { readonly bench: Bench; readonly committed: number } {
    const bench = new Bench(follower, ONE_BLOCK)
    let committed = 0
    const carryOut = (outputs: readonly Output[]): void => {
      for (const output of outputs) {
        if (output.type === 'validate') carryOut(bench.validate(output.block))
        if (output.type === 'fetchBlock') carryOut(bench.step({ type: 'blockFetched', block: last }))
        if (output.type !== 'finalized') continue
        committed++
        expect(output.endsEpoch).toBe(true)
        carryOut(bench.step({ type: 'epochSet', context: contextAt(1) }))
      }
    }
    for (let round = 0; round < 4; round++) {
      for (const at of order) carryOut(bench.hear(messages[at]!, `peer-${at % senders}`))
      carryOut(bench.tick())
    }
    return { bench, committed }
  }

  it('lead to one commit, into the next epoch, to the view that its nullifications open', () => {
    const places = messages.map((_, i) => i)
    const order = fc.shuffledSubarray(places, { minLength: places.length })
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 4 }), (order, senders) => {
        const { bench, committed } = play(order, senders)
        expect(committed).toBe(1)
        expect([bench.engine.epoch, bench.engine.view]).toEqual([1, VIEWS])
        expect(bench.engine.head.block.hash).toEqual(last.hash)
      }),
      { numRuns: 200 },
    )
  })
})

/** What PeerServer hands out of what the engine has. */
const served = (from: Bench, epoch: number, fromView: number, toView: number): Certificate[] =>
  from.engine
    .certificatesFrom(epoch, fromView)
    .filter(({ kind, view }) => view <= toView || kind === 'finalize')
    .slice(0, MAX_CERTIFICATES_SERVED)

/** Answers every question for certificates from a peer, for as long as there are any. @returns how many there were */
function askAround(asking: Bench, peer: Bench, outputs: readonly Output[]): number {
  let questions = 0
  let open = ofType(outputs, 'fetchCertificates')
  while (open.length > 0 && questions < 2_000) {
    const said: Output[] = []
    for (const { epoch, fromView, toView } of open) {
      questions++
      const answer = served(peer, epoch, fromView, toView)
      expect(answer.length).toBeLessThanOrEqual(MAX_CERTIFICATES_SERVED)
      for (const one of answer) said.push(...asking.hear({ type: 'certificate', certificate: one }))
    }
    open = ofType(said, 'fetchCertificates')
    // Not twice within D.
    if (open.length === 0) open = ofType(asking.tick(), 'fetchCertificates')
  }
  return questions
}

/** One that has seen every view below `views` nullified. */
function nullifiedUpTo(views: number): Bench {
  const bench = new Bench(undefined)
  for (let view = 0; view < views; view++) bench.hearCertificate('nullify', view)
  return bench
}

describe('a gap of any size', () => {
  const PER_ANSWER = Math.floor(MAX_CERTIFICATES_SERVED / 3)
  const gaps = fc.integer({ min: 1, max: 4 * PER_ANSWER })

  it('below a proposal: the voter has every nullification after as many answers as they fill', () => {
    fc.assert(
      fc.property(gaps, (gap) => {
        const peer = nullifiedUpTo(gap)
        const me = EVERYBODY.find((index) => leaderIn(gap) !== index)!
        const bench = new Bench(me)
        bench.hearCertificate('nullify', gap - 1)
        const late = blockAt(gap)
        const asked = [...bench.hearProposal(gap, late), ...bench.validate(late)]
        const questions = askAround(bench, peer, asked)
        expect(questions).toBeLessThanOrEqual(Math.ceil(gap / PER_ANSWER))
        const votes = bench.said().flatMap((output) => (output.type === 'broadcast' ? [output.message] : []))
        expect(votes.some((message) => message.type === 'vote' && message.vote.kind === 'notarize')).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('below a view that we lead: built after as many answers as they fill', () => {
    fc.assert(
      fc.property(gaps, (gap) => {
        const peer = nullifiedUpTo(gap)
        const bench = new Bench(leaderIn(gap))
        bench.said()
        const questions = askAround(bench, peer, bench.hearCertificate('nullify', gap - 1))
        expect(questions).toBeLessThanOrEqual(Math.ceil(gap / PER_ANSWER))
        expect(ofType(bench.said(), 'build').map(({ view }) => view)).toEqual([gap])
      }),
      { numRuns: 40 },
    )
  })
})
