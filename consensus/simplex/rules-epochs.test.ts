/** PROTOCOL 5, S9, clause by clause: the end of an epoch and the start of the next. How to read the rows: fixture-rules.ts. */
import { describe, expect, it } from 'vitest'
import {
  checkRows,
  enter,
  enterVoted,
  notarised,
  Play,
  RESEND_STARTS,
  storeAndSend,
  timers,
  US,
} from './fixture-rules.ts'

const LEADER_OF_0 = 1
const LEADER_OF_1 = 0
/** Of epoch 0; and in epoch 1 the leader of views 0, 1 and 2. */
const LEADER_OF_3 = 3

/** Height 1, so A, ends epoch 0. */
const options = { epochBlocks: 1 }
const closing = [...notarised('A')]

describe('S9: the last block of an epoch is proposed again, unchanged, until it is final', () => {
  checkRows([
    {
      clause: 'once it is notarised, the next leader proposes it and votes for it',
      me: LEADER_OF_1,
      options,
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        ...enterVoted(1),
        'tip A',
        ...storeAndSend('proposal(1, A)'),
        'cancel propose/0/1',
        ...storeAndSend('notarize(1, A)'),
      ],
    },
    {
      clause: 'not before: its view nullified, the next leader builds another',
      me: LEADER_OF_1,
      options,
      given: ['proposal(0, A)', 'A is valid'],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)'), 'cancel advance/0/0', ...timers(1, 2), 'build(1) on genesis'],
    },
    {
      clause: 'a later leader does the same, over nullified views between',
      me: LEADER_OF_3,
      options,
      given: [...closing, 'nullification(1)'],
      input: 'nullification(2)',
      outputs: [
        ...storeAndSend('nullification(2)'),
        ...enter(3, { factor: 4 }),
        ...storeAndSend('proposal(3, A)'),
        'cancel propose/0/3',
        ...storeAndSend('notarize(3, A)'),
      ],
    },
    {
      clause: 'a block that is not the last is not proposed again',
      me: LEADER_OF_1,
      options: { epochBlocks: 2 },
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        ...enterVoted(1),
        'tip A',
        'build(1) on A by notarization(0, A)',
      ],
    },
    {
      clause: '... and not taken when it is',
      options: { epochBlocks: 2 },
      given: closing,
      input: 'proposal(1, A)',
      outputs: ['reject PROPOSAL_SHAPE'],
    },
    {
      clause: 'a follower votes for it again, without executing it again: the body is known',
      options,
      given: closing,
      input: 'proposal(1, A)',
      outputs: ['ignore PROPOSAL_KNOWN', 'cancel propose/0/1', ...storeAndSend('notarize(1, A)')],
    },
    {
      clause: 'its newest notarization takes the parent’s place: a view between must be nullified',
      options,
      given: [...closing, 'nullification(2)'],
      input: 'proposal(3, A)',
      outputs: ['ignore PROPOSAL_KNOWN', 'fetch views 1..2'],
    },
    {
      clause: '... or notarised for it again',
      options,
      given: [...closing, 'nullification(2)', 'proposal(3, A)'],
      input: 'notarization(1, A)',
      outputs: [
        ...storeAndSend('notarization(1, A)'),
        ...storeAndSend('finalize(1, A)'),
        'cancel propose/0/3',
        ...storeAndSend('notarize(3, A)'),
      ],
    },
    {
      clause: 'heard twice it is known',
      options,
      given: [...closing, 'proposal(1, A)'],
      input: 'proposal(1, A)',
      outputs: ['ignore PROPOSAL_KNOWN'],
    },
    {
      clause: 'one that nobody notarised cannot be proposed again',
      options,
      given: ['nullification(0)'],
      input: 'proposal(1, A)',
      outputs: ['fetch views 0..0'],
    },
    {
      clause: 'the same block in two views is no second proposal',
      options,
      given: [...closing, 'proposal(1, A)', 'nullification(1)'],
      input: 'proposal(2, A)',
      outputs: ['ignore PROPOSAL_KNOWN', 'cancel propose/0/2', ...storeAndSend('notarize(2, A)')],
    },
    {
      clause: 'in one view another block beside it is',
      options,
      given: [...closing, 'proposal(1, A)'],
      input: 'proposal(1, B0)',
      outputs: ['accuse 0 of proposal(1, A) and proposal(1, B0)', 'ignore PROPOSAL_KNOWN'],
    },
    {
      clause: 'nothing is built on it within the epoch',
      options,
      given: closing,
      input: 'proposal(1, B)',
      outputs: ['reject PROPOSAL_SHAPE'],
    },
    {
      clause: 'after a restart what was proposed again is proposed again, and nothing else',
      me: LEADER_OF_1,
      options,
      given: closing,
      input: 'restart',
      outputs: [
        ...timers(1),
        RESEND_STARTS,
        'send notarization(0, A)',
        'send proposal(1, A)',
        'send notarize(0, A)',
        'send finalize(0, A)',
        'send notarize(1, A)',
        'execute A',
      ],
    },
  ])
})

describe('S9: only the finalization of its last block opens the next epoch', () => {
  checkRows([
    {
      clause: 'the commit says that the epoch ends, and the view is left',
      options,
      given: closing,
      input: 'finalization(0, A)',
      outputs: [
        ...storeAndSend('finalization(0, A)'),
        'commit A, epoch ends',
        'cancel propose/0/1',
        'cancel advance/0/1',
      ],
    },
    {
      clause: 'it may come in a later view than the block’s own',
      options,
      given: [...closing, 'proposal(1, A)', 'notarization(1, A)'],
      input: 'finalization(1, A)',
      outputs: [
        ...storeAndSend('finalization(1, A)'),
        'commit A, epoch ends',
        'cancel propose/0/2',
        'cancel advance/0/2',
      ],
    },
    {
      clause: 'until the next set is here nothing is signed',
      options,
      given: [...closing, 'finalization(0, A)'],
      input: 'timer propose/0/1 fires',
      outputs: [],
    },
    {
      clause: '... then view 0 starts, entered by that finalization',
      options,
      given: [...closing, 'finalization(0, A)'],
      input: 'set of epoch 1',
      outputs: timers(0, 1, 1),
    },
    {
      clause: '... which is what is sent again until the next certificate',
      options,
      given: [...closing, 'finalization(0, A)', 'set of epoch 1'],
      input: 'D passes',
      outputs: ['send finalization(0, A)', RESEND_STARTS],
    },
    {
      clause: '... where the leader of the new set builds on the last block',
      me: LEADER_OF_3,
      options,
      given: [...closing, 'finalization(0, A)'],
      input: 'set of epoch 1',
      outputs: [...timers(0, 1, 1), 'build(0) on A by notarization(0, A)'],
    },
    {
      clause: 'a restart between the commit and the set begins in the next epoch',
      options,
      given: [...closing, 'finalization(0, A)'],
      input: 'restart',
      outputs: [...timers(0, 1, 1), RESEND_STARTS, 'send finalization(0, A)'],
    },
    {
      clause: '... with nothing of the last one to stand by',
      options,
      given: [...closing, 'advance fires', 'finalization(0, A)', 'restart'],
      input: 'D passes',
      outputs: ['send finalization(0, A)', RESEND_STARTS],
    },
    {
      clause: 'a set that nobody waits for is no news',
      options,
      given: closing,
      input: 'set of epoch 1',
      outputs: [],
    },
  ])

  it('the next set is that of the next epoch', () => {
    const play = new Play(US, options)
    for (const words of [...closing, 'finalization(0, A)']) play.do(words)
    expect(() => play.do('set of epoch 2')).toThrow('epochs follow one another')
  })
})

describe('S9: all messages name their epoch', () => {
  checkRows([
    {
      clause: 'one of the next epoch waits for it',
      options,
      given: closing,
      input: 'nullification(0) of epoch 1',
      outputs: [],
    },
    {
      clause: '... and is heard when it begins',
      options,
      given: [...closing, 'nullification(0) of epoch 1', 'finalization(0, A)'],
      input: 'set of epoch 1',
      outputs: [...timers(0, 1, 1), 'cancel propose/1/0', 'cancel advance/1/0', ...timers(1, 2, 1)].toSpliced(
        2,
        0,
        ...storeAndSend('nullification(0) of epoch 1'),
      ),
    },
    {
      clause: 'votes of one epoch do not count in another',
      options,
      given: [
        ...closing,
        'nullify(1) by 0',
        'nullify(1) by 1',
        'finalization(0, A)',
        'set of epoch 1',
        'nullify(1) by 0 of epoch 1',
      ],
      input: 'nullify(1) by 1 of epoch 1',
      outputs: [],
    },
    {
      clause: 'one of an epoch further ahead is not kept',
      options,
      given: closing,
      input: 'nullification(0) of epoch 2',
      outputs: ['ignore EPOCH_AHEAD'],
    },
    {
      clause: '... but says that we are behind',
      options,
      given: [...closing, 'nullification(0) of epoch 2'],
      input: 'D passes',
      outputs: [
        'lagging behind epoch 2',
        'send notarization(0, A)',
        'send notarize(0, A)',
        'send finalize(0, A)',
        RESEND_STARTS,
      ],
    },
    {
      clause: 'one of an epoch that is over: ignore',
      options,
      given: [...closing, 'finalization(0, A)', 'set of epoch 1'],
      input: 'nullification(1)',
      outputs: ['ignore EPOCH_PAST'],
    },
    {
      clause: '... also while the next one is prepared',
      options,
      given: [...closing, 'finalization(0, A)'],
      input: 'nullification(1)',
      outputs: ['ignore EPOCH_PAST'],
    },
    {
      clause: 'a proposal of the next epoch waits as well',
      me: LEADER_OF_0,
      options,
      given: ['built A', 'notarization(0, A)'],
      input: 'proposal(0, A) of epoch 1',
      outputs: [],
    },
  ])
})
