/** PROTOCOL 5, S1 and S2, clause by clause: entering a view, the vote for a proposal. How to read the rows: fixture-rules.ts. */
import { describe } from 'vitest'
import { checkRows, enter, notarised, RESEND_STARTS, storeAndSend, timers } from './fixture-rules.ts'

const LEADER_OF_0 = 1
const LEADER_OF_1 = 0
const LEADER_OF_2 = 1
const LEADER_OF_3 = 3

describe('S1: entering a view starts two timers, and its leader extends the highest notarised block', () => {
  checkRows([
    {
      clause: 'proposeTimer is the block interval + 2D, advanceTimer 3D more',
      given: [],
      input: 'start',
      outputs: ['start propose/0/0 140 ms', 'start advance/0/0 290 ms', RESEND_STARTS],
    },
    {
      clause: 'the leader of the view builds, here on genesis',
      me: LEADER_OF_0,
      given: [],
      input: 'start',
      outputs: [...timers(0), RESEND_STARTS, 'build(0) on genesis'],
    },
    {
      clause: 'an observer has no timers of views',
      me: undefined,
      given: [],
      input: 'start',
      outputs: [RESEND_STARTS],
    },
    {
      clause: 'the next view starts its own timers and ends those of the last',
      given: [],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)'), ...enter(1, { factor: 2 })],
    },
    {
      clause: 'the leader extends the block that was notarised in the view before',
      me: LEADER_OF_1,
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        'cancel advance/0/0',
        ...timers(1),
        'tip A',
        'build(1) on A by notarization(0, A)',
      ],
    },
    {
      clause: 'not before it has executed that block',
      me: LEADER_OF_1,
      given: ['proposal(0, A)'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), ...storeAndSend('finalize(0, A)'), ...enter(1)],
    },
    {
      clause: '... and then it does',
      me: LEADER_OF_1,
      given: ['proposal(0, A)', 'notarization(0, A)'],
      input: 'A is valid',
      outputs: ['store block A', 'tip A', 'build(1) on A by notarization(0, A)'],
    },
    {
      clause: 'a view between that is nullified is passed over',
      me: LEADER_OF_2,
      given: ['built A', 'notarization(0, A)'],
      input: 'nullification(1)',
      outputs: [...storeAndSend('nullification(1)'), ...enter(2, { factor: 2 }), 'build(2) on A by notarization(0, A)'],
    },
    {
      clause: 'a block that is notarised is extended though its view is nullified too',
      me: LEADER_OF_2,
      given: ['built A', 'nullification(0)', 'notarization(0, A)'],
      input: 'nullification(1)',
      outputs: [...storeAndSend('nullification(1)'), ...enter(2, { factor: 2 }), 'build(2) on A by notarization(0, A)'],
    },
    {
      clause: 'the highest of several: B over its parent A',
      me: LEADER_OF_3,
      given: [...notarised('A'), ...notarised('B')],
      input: 'nullification(2)',
      outputs: [...storeAndSend('nullification(2)'), ...enter(3, { factor: 2 }), 'build(3) on B by notarization(1, B)'],
    },
    {
      clause: 'a view between without a nullification here: nothing is built, its certificate is asked for',
      me: LEADER_OF_2,
      given: [],
      input: 'nullification(1)',
      outputs: [...storeAndSend('nullification(1)'), ...enter(2, { from: 0, factor: 2 }), 'fetch views 0..1'],
    },
    {
      clause: '... built once it is here: a nullification leaves genesis to extend',
      me: LEADER_OF_2,
      given: ['nullification(1)'],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)'), 'build(2) on genesis'],
    },
    {
      clause: '... or a notarization brings a higher block',
      me: LEADER_OF_2,
      given: ['nullification(1)', 'notarization(0, A)', 'fetched A'],
      input: 'A is valid',
      outputs: ['store block A', 'tip A', 'build(2) on A by notarization(0, A)'],
    },
    {
      clause: 'a final block is extended with its notarization',
      me: LEADER_OF_1,
      given: ['proposal(0, A)', 'A is valid', 'finalization(0, A)'],
      input: 'notarization(0, A)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        'tip A',
        'commit A',
        'build(1) on A by notarization(0, A)',
      ],
    },
    {
      clause: 'the leader builds once in a view',
      me: LEADER_OF_0,
      given: [],
      input: 'D passes',
      outputs: [RESEND_STARTS],
    },
    {
      clause: 'a block that was built too late is not proposed',
      me: LEADER_OF_0,
      given: ['nullification(0)'],
      input: 'built A',
      outputs: [],
    },
    {
      clause: 'who does not lead the view does not build',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        'cancel advance/0/0',
        ...timers(1),
        'tip A',
      ],
    },
  ])
})

const VOTE_FOR_A = ['store block A', 'cancel propose/0/0', ...storeAndSend('notarize(0, A)')]

describe('S2: the first valid proposal of the view by its leader, on a notarised parent, gets our notarize', () => {
  checkRows([
    { clause: 'it is executed first', given: [], input: 'proposal(0, A)', outputs: ['execute A'] },
    {
      clause: 'valid: proposeTimer ends; body, vote, message in this order',
      given: ['proposal(0, A)'],
      input: 'A is valid',
      outputs: VOTE_FOR_A,
    },
    { clause: 'invalid: no vote', given: ['proposal(0, A)'], input: 'A is invalid', outputs: [] },
    { clause: 'undecided: no vote yet', given: ['proposal(0, A)'], input: 'A is undecided', outputs: [] },
    {
      clause: '... and the question comes again after D',
      given: ['proposal(0, A)', 'A is undecided'],
      input: 'D passes',
      outputs: [RESEND_STARTS, 'execute A'],
    },
    {
      clause: 'the leader votes for its own, after the proposal has left',
      me: LEADER_OF_0,
      given: [],
      input: 'built A',
      outputs: [...storeAndSend('proposal(0, A)'), 'cancel propose/0/0', ...storeAndSend('notarize(0, A)')],
    },
    {
      clause: 'signed by another than the leader: reject',
      given: [],
      input: 'proposal(0, A) by 3',
      outputs: ['reject PROPOSAL_SIGNATURE'],
    },
    {
      clause: 'made for another view: reject',
      given: [],
      input: 'proposal(1, A)',
      outputs: ['reject PROPOSAL_SHAPE'],
    },
    {
      clause: 'another body than the one under the hash: reject, with room for the right one',
      given: [],
      input: 'proposal(0, Aswapped)',
      outputs: ['reject BLOCK_BODY'],
    },
    { clause: '... which is taken', given: ['proposal(0, Aswapped)'], input: 'proposal(0, A)', outputs: ['execute A'] },
    {
      clause: 'the second proposal of a view is evidence and no more',
      given: ['proposal(0, A)'],
      input: 'proposal(0, A2)',
      outputs: ['accuse 1 of proposal(0, A) and proposal(0, A2)', 'ignore PROPOSAL_KNOWN'],
    },
    {
      clause: '... the first keeps its right to the vote',
      given: ['proposal(0, A)', 'proposal(0, A2)'],
      input: 'A is valid',
      outputs: VOTE_FOR_A,
    },
    {
      clause: '... and an invalid first leaves none for the second',
      given: ['proposal(0, A)', 'A is invalid'],
      input: 'proposal(0, A2)',
      outputs: ['accuse 1 of proposal(0, A) and proposal(0, A2)', 'ignore PROPOSAL_KNOWN'],
    },
    {
      clause: 'the parent’s notarization inside the block counts: we enter the view by it',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'proposal(1, B)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        'cancel advance/0/0',
        ...timers(1),
        'execute B',
        'tip A',
      ],
    },
    {
      clause: '... and vote there',
      given: ['proposal(0, A)', 'A is valid', 'proposal(1, B)'],
      input: 'B is valid',
      outputs: ['store block B', 'cancel propose/0/1', ...storeAndSend('notarize(1, B)')],
    },
    {
      clause: 'a parent with fewer signatures than a quorum is not notarised: no vote, not even execution',
      given: ['proposal(0, A)', 'A is valid', 'nullification(0)'],
      input: 'proposal(1, Bweak)',
      outputs: [],
    },
    {
      clause: 'a parent that is notarised but not executed here is fetched first',
      given: [],
      input: 'proposal(1, B)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        ...enter(1),
        'fetch A from 0 1 2',
      ],
    },
    {
      clause: 'a gap view without a nullification here: no vote, the view is asked for',
      given: ['nullification(1)', 'proposal(2, C0)'],
      input: 'C0 is valid',
      outputs: ['store block C0'],
    },
    {
      clause: '... at once, not only when the block was executed',
      given: ['nullification(1)'],
      input: 'proposal(2, C0)',
      outputs: ['execute C0', 'fetch views 0..1'],
    },
    {
      clause: '... and the vote comes with the nullification',
      given: ['nullification(1)', 'proposal(2, C0)', 'C0 is valid'],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)'), 'cancel propose/0/2', ...storeAndSend('notarize(2, C0)')],
    },
    {
      clause: 'a gap view that is notarised is not nullified: no vote for a block that passes it',
      given: ['notarization(0, A)', 'nullification(1)', 'proposal(2, C0)'],
      input: 'C0 is valid',
      outputs: ['store block C0'],
    },
    {
      clause: 'a gap view between parent and proposal that is nullified is none',
      given: [...notarised('A'), 'nullification(1)', 'proposal(2, CA)'],
      input: 'CA is valid',
      outputs: ['store block CA', 'cancel propose/0/2', ...storeAndSend('notarize(2, CA)')],
    },
    {
      clause: 'we voted nullify: no vote',
      given: ['propose fires', 'proposal(0, A)'],
      input: 'A is valid',
      outputs: ['store block A'],
    },
    {
      clause: 'before its view it waits',
      given: [],
      input: 'proposal(1, B0)',
      outputs: [],
    },
    {
      clause: '... for its view',
      given: ['proposal(1, B0)'],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)'), ...enter(1, { factor: 2 }), 'execute B0'],
    },
    {
      clause: 'after its view there is no vote',
      given: ['nullification(0)', 'proposal(0, A)'],
      input: 'A is valid',
      outputs: [],
    },
    { clause: 'more than 8 views ahead: ignore', given: [], input: 'proposal(9, J0)', outputs: ['ignore VIEW_AHEAD'] },
    {
      clause: 'of a final view: ignore',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'proposal(0, A2)',
      outputs: ['ignore VIEW_PAST'],
    },
    {
      clause: 'an observer executes it and does not vote',
      me: undefined,
      given: ['proposal(0, A)'],
      input: 'A is valid',
      outputs: ['store block A'],
    },
  ])
})
