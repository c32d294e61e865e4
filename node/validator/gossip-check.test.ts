/** What becomes of each kind of gossip, and what it may cost. */
import { describe, expect, it } from 'vitest'
import { makeBlock } from '../../consensus/block.ts'
import {
  Bench,
  blockAt,
  certificate,
  contextAt,
  GENESIS_BLOCK,
  leaderIn,
  proposal,
  scheme,
  signerOfKey,
  vote,
} from '../../consensus/simplex/fixture.ts'
import { PROPOSAL_VIEWS_AHEAD, PROPOSAL_VIEWS_BEHIND, VOTE_VIEWS_AHEAD } from '../../consensus/simplex/limits.ts'
import { checkBody, GENESIS_HASH } from '../../consensus/simplex/simulation/network.ts'
import type { Message, Proposal, Vote } from '../../consensus/types.ts'
import { proposalBytes, signVote } from '../../consensus/vote.ts'
import { ZERO_HASH } from '../../core/bytes.ts'
import { GossipCheck } from './gossip-check.ts'

/** A node in view 1 of epoch 0: view 0 is notarised, nothing is final. */
function setup() {
  let checks = 0
  let bodies = 0
  const bench = new Bench(undefined)
  const first = blockAt(0)
  bench.hearProposal(0, first)
  bench.validate(first)
  bench.hearCertificate('notarize', 0, first.hash)
  const check = new GossipCheck({
    engine: bench.engine,
    genesisHash: GENESIS_HASH,
    bls: {
      verify: (...args) => {
        checks++
        return scheme.verify(...args)
      },
      verifyAggregate: (...args) => {
        checks++
        return scheme.verifyAggregate(...args)
      },
    },
    isSoundBody: (block) => {
      bodies++
      return checkBody(block)
    },
  })
  const judge = (message: Message) => check.check(message).verdict
  return { bench, first, check, judge, checks: () => checks, bodies: () => bodies }
}

const block = blockAt(1, blockAt(0))
const [second, third] = [2, 3].map((payload) => blockAt(1, blockAt(0), payload)) as [typeof block, typeof block]
const bad = new Uint8Array(96).fill(1)
const ofVote = (each: Vote): Message => ({ type: 'vote', vote: each })
const ofProposal = (each: Proposal): Message => ({ type: 'proposal', proposal: each })

const foreignVote = signVote(
  { kind: 'nullify', epoch: 0, view: 1, blockHash: ZERO_HASH, validator: 0 },
  new Uint8Array(32).fill(9),
  signerOfKey(0),
)
const otherBody = (): Proposal => {
  const good = proposal(1, block)
  return { ...good, block: { ...block, transactions: [Uint8Array.of(9)] } }
}
const stranger = (leaderIn(1) + 1) % 4
const repeatedEarly = (): Proposal => {
  // Not the last block of its epoch: it may be proposed in no view but its own.
  const unsigned = { epoch: 0, view: 2, block }
  const signer = scheme.sign(new Uint8Array(32).fill(7), proposalBytes(GENESIS_HASH, unsigned))
  return { ...unsigned, signature: signer }
}

type Row = readonly [what: string, message: Message, verdict: string, checks: number]

const VOTES: readonly Row[] = [
  ['right', ofVote(vote('notarize', 1, block.hash, 0)), 'accept', 1],
  ['right, of an open view that we left', ofVote(vote('finalize', 0, blockAt(0).hash, 0)), 'accept', 1],
  ['right, as far ahead as is counted', ofVote(vote('nullify', 1 + VOTE_VIEWS_AHEAD, ZERO_HASH, 0)), 'accept', 1],
  ['further ahead', ofVote(vote('nullify', 2 + VOTE_VIEWS_AHEAD, ZERO_HASH, 0)), 'ignore', 0],
  ['of the next epoch', ofVote(vote('nullify', 0, ZERO_HASH, 0, 1)), 'ignore', 0],
  ['of nobody in the set', ofVote({ ...vote('nullify', 1, ZERO_HASH, 0), validator: 4 }), 'VOTE_SIGNER', 0],
  [
    'a nullify that names a block',
    ofVote({ ...vote('nullify', 1, ZERO_HASH, 0), blockHash: block.hash }),
    'VOTE_SHAPE',
    0,
  ],
  [
    'a notarize that names none',
    ofVote({ ...vote('notarize', 1, block.hash, 0), blockHash: ZERO_HASH }),
    'VOTE_SHAPE',
    0,
  ],
  ['with a signature of nobody', ofVote({ ...vote('nullify', 1, ZERO_HASH, 0), signature: bad }), 'VOTE_SIGNATURE', 1],
  ['with the signature of another', ofVote({ ...vote('nullify', 1, ZERO_HASH, 0), validator: 1 }), 'VOTE_SIGNATURE', 1],
  ['of another genesis', ofVote(foreignVote), 'VOTE_SIGNATURE', 1],
]

const cert = (...args: Parameters<typeof certificate>): Message => ({
  type: 'certificate',
  certificate: certificate(...args),
})

const CERTIFICATES: readonly Row[] = [
  ['right', cert('nullify', 1), 'accept', 1],
  ['right, however far ahead', cert('nullify', 9_000), 'accept', 1],
  ['known', cert('notarize', 0, blockAt(0).hash), 'ignore', 0],
  ['known, with other signers', cert('notarize', 0, blockAt(0).hash, [1, 2, 3]), 'ignore', 0],
  ['of the next epoch', cert('nullify', 0, ZERO_HASH, [0, 1, 2], 1), 'ignore', 0],
  ['of two of four', cert('nullify', 1, ZERO_HASH, [0, 1]), 'CERTIFICATE_QUORUM', 0],
  [
    'with a longer bitmap',
    { type: 'certificate', certificate: { ...certificate('nullify', 1), signers: Uint8Array.of(7, 0) } },
    'CERTIFICATE_SIGNERS',
    0,
  ],
  [
    'with a signer outside the set',
    { type: 'certificate', certificate: { ...certificate('nullify', 1), signers: Uint8Array.of(0b10111) } },
    'CERTIFICATE_SIGNERS',
    0,
  ],
  [
    'of signers who did not sign',
    { type: 'certificate', certificate: { ...certificate('nullify', 1), signers: Uint8Array.of(0b1110) } },
    'CERTIFICATE_SIGNATURE',
    1,
  ],
]

const PROPOSALS: readonly Row[] = [
  ['right', ofProposal(proposal(1, block)), 'accept', 0],
  ['too far ahead', ofProposal(proposal(2 + PROPOSAL_VIEWS_AHEAD, blockAt(2 + PROPOSAL_VIEWS_AHEAD))), 'ignore', 0],
  ['of the next epoch', ofProposal({ ...proposal(1, block), epoch: 1 }), 'ignore', 0],
  ['of a block of another view', ofProposal(repeatedEarly()), 'PROPOSAL_SHAPE', 0],
  ['by another than the leader', ofProposal(proposal(1, block, stranger)), 'PROPOSAL_SIGNATURE', 0],
  ['with another body', ofProposal(otherBody()), 'BLOCK_BODY', 0],
]

const codeOf = (verdict: ReturnType<GossipCheck['check']>['verdict']): string =>
  typeof verdict === 'string' ? verdict : verdict.reject

describe.each([
  ['a vote', VOTES],
  ['a certificate', CERTIFICATES],
  ['a proposal', PROPOSALS],
] as const)('%s', (_, rows) => {
  it.each(rows)('%s', (_what, message, verdict, checks) => {
    const { judge, checks: done } = setup()
    expect(codeOf(judge(message))).toBe(verdict)
    expect(done()).toBe(checks)
  })
})

describe('gossip', () => {
  it('of final views and of an epoch that is over is ignored', () => {
    const { bench, first, judge } = setup()
    bench.hearCertificate('finalize', 0, first.hash)
    expect(judge(ofVote(vote('nullify', 0, ZERO_HASH, 0)))).toBe('ignore')
    expect(judge(cert('nullify', 0))).toBe('ignore')
    expect(judge(ofProposal(proposal(0, first)))).toBe('ignore')
    // Later votes for the head still widen the notarization that the next block carries.
    expect(judge(ofVote(vote('notarize', 0, first.hash, 3)))).toBe('accept')
  })

  it('of old proposals is ignored, whatever they weigh', () => {
    const { bench, first, judge, bodies } = setup()
    for (let view = 1; view <= 1 + PROPOSAL_VIEWS_BEHIND; view++) bench.hearCertificate('nullify', view)
    expect(bench.engine.view).toBe(2 + PROPOSAL_VIEWS_BEHIND)
    expect(judge(ofProposal(proposal(1, blockAt(1, first))))).toBe('ignore')
    expect(bodies()).toBe(0)
  })

  it('is verified once: a vote said again is passed on, a certificate and a proposal are not', () => {
    const { judge, checks, bodies } = setup()
    for (let i = 0; i < 5; i++) expect(judge(ofVote(vote('nullify', 1, ZERO_HASH, 0)))).toBe('accept')
    expect(checks()).toBe(1)
    expect([cert('nullify', 1), cert('nullify', 1, ZERO_HASH, [1, 2, 3])].map(judge)).toEqual(['accept', 'ignore'])
    expect(checks()).toBe(2)
    expect([1, 2, 3].map(() => judge(ofProposal(proposal(1, block))))).toEqual(['accept', 'ignore', 'ignore'])
    expect(bodies()).toBe(1)
  })

  it('carries two statements of a liar, for they are evidence, and no third', () => {
    const { judge, checks, bodies } = setup()
    const blocks = [block, second, third]
    expect(blocks.map((each) => judge(ofVote(vote('notarize', 1, each.hash, 2))))).toEqual([
      'accept',
      'accept',
      'ignore',
    ])
    expect(checks()).toBe(2)
    expect(blocks.map((each) => judge(ofProposal(proposal(1, each))))).toEqual(['accept', 'accept', 'ignore'])
    expect(bodies()).toBe(2)
    // A forged second one takes no place.
    const forged = { ...vote('finalize', 1, second.hash, 2), signature: bad }
    expect(judge(ofVote(forged))).toEqual({ reject: 'VOTE_SIGNATURE' })
    expect(judge(ofVote(vote('finalize', 1, block.hash, 2)))).toBe('accept')
  })

  it('of a certificate for another block is news: a third of the power lied', () => {
    const { bench, first, judge } = setup()
    bench.hearCertificate('finalize', 1, block.hash)
    expect(judge(cert('finalize', 1, block.hash))).toBe('ignore')
    expect(judge(cert('finalize', 1, second.hash))).toBe('accept')
    expect(first.hash).toEqual(blockAt(0).hash)
  })

  it('while no epoch is open is ignored', () => {
    const bench = new Bench(undefined, { epochBlocks: 1 })
    const last = blockAt(0)
    bench.hearProposal(0, last)
    bench.validate(last)
    bench.hearCertificate('notarize', 0, last.hash)
    bench.hearCertificate('finalize', 0, last.hash)
    const check = new GossipCheck({
      engine: bench.engine,
      genesisHash: GENESIS_HASH,
      bls: scheme,
      isSoundBody: checkBody,
    })
    expect(check.check(ofVote(vote('nullify', 1, ZERO_HASH, 0)))).toEqual({ verdict: 'ignore', ignored: 'EPOCH_PAST' })
    bench.step({ type: 'epochSet', context: contextAt(1) })
    expect(check.check(ofVote(vote('nullify', 1, ZERO_HASH, 0))).verdict).toBe('ignore')
    expect(check.check(ofVote(vote('nullify', 0, ZERO_HASH, 0, 1))).verdict).toBe('accept')
  })

  it('that was accepted is taken by the engine without another signature check', () => {
    let checks = 0
    const counted = {
      ...scheme,
      verify: (...args: Parameters<typeof scheme.verify>) => {
        checks++
        return scheme.verify(...args)
      },
      verifyAggregate: () => {
        checks++
        return true
      },
    }
    const bench = new Bench(undefined, { scheme: counted, voteChecks: 'each' })
    const give = (message: Message) => bench.step({ type: 'message', message, from: 'peer', isVerified: true })
    give(ofProposal(proposal(0, makeBlock(blockAt(0, GENESIS_BLOCK)))))
    for (const validator of [0, 1, 2]) give(ofVote(vote('nullify', 0, ZERO_HASH, validator)))
    give(cert('nullify', 1))
    expect(bench.engine.view).toBe(2)
    expect(checks).toBe(0)
  })
})
