/** PROTOCOL 5, S4 to S6, clause by clause: what a notarization, a nullification, a finalization does. How to read the rows: fixture-rules.ts. */
import { describe } from 'vitest'
import { checkRows, enter, enterVoted, notarised, storeAndSend, timers } from './fixture-rules.ts'

const LEADER_OF_1 = 0

describe('S4: on a notarization (v, b): store, forward, vote finalize unless nullified, enter v + 1', () => {
  checkRows([
    {
      clause: 'the third of four votes makes it',
      given: ['proposal(0, A)', 'A is valid', 'notarize(0, A) by 0'],
      input: 'notarize(0, A) by 1',
      outputs: [...storeAndSend('notarization(0, A)'), ...storeAndSend('finalize(0, A)'), ...enterVoted(1), 'tip A'],
    },
    {
      clause: 'and our own may be the third',
      given: ['proposal(0, A)', 'notarize(0, A) by 0', 'notarize(0, A) by 1'],
      input: 'A is valid',
      outputs: [
        'store block A',
        'cancel propose/0/0',
        ...storeAndSend('notarize(0, A)'),
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        ...enterVoted(1),
        'tip A',
      ],
    },
    {
      clause: 'two of four are none',
      me: undefined,
      given: ['notarize(0, A) by 0'],
      input: 'notarize(0, A) by 1',
      outputs: [],
    },
    {
      clause: 'nor are three for two blocks',
      me: undefined,
      given: ['notarize(0, A) by 0', 'notarize(0, A) by 1'],
      input: 'notarize(0, A2) by 3',
      outputs: [],
    },
    {
      clause: 'nor are three in two views',
      me: undefined,
      given: ['notarize(0, A) by 0', 'notarize(0, A) by 1'],
      input: 'notarize(1, A) by 3',
      outputs: [],
    },
    {
      clause: 'received whole it does the same',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), ...storeAndSend('finalize(0, A)'), ...enterVoted(1), 'tip A'],
    },
    {
      clause: 'without the block too: finalize rests on the certificate alone, the block is fetched from its signers',
      given: [],
      input: 'notarization(0, A) by 0 1 3',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        ...enter(1),
        'fetch A from 0 1 3',
      ],
    },
    {
      clause: 'nullified v: everything but the finalize vote',
      given: ['advance fires'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), 'cancel propose/0/0', ...timers(1), 'fetch A from 0 1 2'],
    },
    {
      clause:
        'of a view that was left by a nullification: finalize, for only an own nullify forbids it; no view is entered',
      given: ['nullification(0)'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), ...storeAndSend('finalize(0, A)'), 'fetch A from 0 1 2'],
    },
    {
      clause: 'however far ahead it is, v + 1 is entered',
      given: [],
      input: 'notarization(2, C0)',
      outputs: [
        ...storeAndSend('notarization(2, C0)'),
        ...storeAndSend('finalize(2, C0)'),
        ...enter(3, { from: 0 }),
        'fetch C0 from 0 1 2',
      ],
    },
    {
      clause: 'an observer stores, forwards and goes on',
      me: undefined,
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), 'tip A'],
    },
    {
      clause: 'only the first is forwarded: the same by other signers is known',
      given: ['notarization(0, A)'],
      input: 'notarization(0, A) by 1 2 3',
      outputs: ['ignore CERTIFICATE_KNOWN'],
    },
    {
      clause: 'a second one of the view, for another block, changes nothing',
      given: ['notarization(0, A)'],
      input: 'notarization(0, A2)',
      outputs: [],
    },
    {
      clause: 'two signers of four: reject',
      given: [],
      input: 'notarization(0, A) by 0 1',
      outputs: ['reject CERTIFICATE_QUORUM'],
    },
    {
      clause: 'of a final view: ignore',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'notarization(0, A2)',
      outputs: ['ignore VIEW_PAST'],
    },
  ])
})

describe('S5: on a nullification of v: store, forward, enter v + 1', () => {
  checkRows([
    {
      clause: 'the third of four votes makes it',
      given: ['nullify(0) by 0', 'nullify(0) by 1'],
      input: 'nullify(0) by 3',
      outputs: [...storeAndSend('nullification(0)'), ...enter(1, { factor: 2 })],
    },
    {
      clause: 'and our own may be the third',
      given: ['nullify(0) by 0', 'nullify(0) by 1'],
      input: 'propose fires',
      outputs: [
        ...storeAndSend('nullify(0)'),
        ...storeAndSend('nullification(0)'),
        'cancel advance/0/0',
        ...timers(1, 2),
      ],
    },
    {
      clause: 'two of four are none',
      given: ['nullify(0) by 0'],
      input: 'nullify(0) by 1',
      outputs: [],
    },
    {
      clause: 'nor are three in two views',
      given: ['nullify(0) by 0', 'nullify(0) by 1'],
      input: 'nullify(1) by 3',
      outputs: [],
    },
    {
      clause: 'received whole it does the same, also after our notarize vote',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)'), 'cancel advance/0/0', ...timers(1, 2)],
    },
    {
      clause: 'of a view that was left it is stored and forwarded, and no view is entered',
      given: [...notarised('A')],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)')],
    },
    {
      clause: 'however far ahead it is, v + 1 is entered',
      given: [],
      input: 'nullification(99)',
      outputs: [...storeAndSend('nullification(99)'), ...enter(100, { from: 0, factor: 2 })],
    },
    {
      clause: 'an observer stores, forwards and goes on',
      me: undefined,
      given: [],
      input: 'nullification(0)',
      outputs: [...storeAndSend('nullification(0)')],
    },
    {
      clause: 'only the first is forwarded',
      given: ['nullification(0)'],
      input: 'nullification(0) by 1 2 3',
      outputs: ['ignore CERTIFICATE_KNOWN'],
    },
    {
      clause: 'two signers of four: reject',
      given: [],
      input: 'nullification(0) by 2 3',
      outputs: ['reject CERTIFICATE_QUORUM'],
    },
    {
      clause: 'of a final view: ignore',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'nullification(0)',
      outputs: ['ignore VIEW_PAST'],
    },
  ])
})

describe('S6: on a finalization of (v, b): b and its ancestors are final; losing branches go', () => {
  checkRows([
    {
      clause: 'the third of four votes makes it',
      given: [...notarised('A'), 'finalize(0, A) by 0'],
      input: 'finalize(0, A) by 1',
      outputs: [...storeAndSend('finalization(0, A)'), 'commit A'],
    },
    {
      clause: 'two of four are none',
      given: [...notarised('A')],
      input: 'finalize(0, A) by 0',
      outputs: [],
    },
    {
      clause: 'received whole it does the same',
      given: [...notarised('A')],
      input: 'finalization(0, A)',
      outputs: [...storeAndSend('finalization(0, A)'), 'commit A'],
    },
    {
      clause: 'ancestors that are not final yet come first',
      given: [...notarised('A'), ...notarised('B'), ...notarised('C')],
      input: 'finalization(2, C)',
      outputs: [...storeAndSend('finalization(2, C)'), 'commit A B C'],
    },
    {
      clause: 'what is final already does not become so again',
      given: [...notarised('A'), ...notarised('B'), 'finalization(0, A)'],
      input: 'finalization(1, B)',
      outputs: [...storeAndSend('finalization(1, B)'), 'commit B'],
    },
    {
      clause: 'of the present view it opens the next',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'finalization(0, A)',
      outputs: [...storeAndSend('finalization(0, A)'), ...enterVoted(1), 'fetch views 0..0'],
    },
    {
      clause: '... and commits with the notarization, which the next block carries',
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
      clause: 'blocks that are missing are fetched, the newest first',
      given: [],
      input: 'finalization(1, B)',
      outputs: [...storeAndSend('finalization(1, B)'), ...enter(2, { from: 0 }), 'fetch B from 0 1 2'],
    },
    {
      clause: '... then their parents, whose notarization they carry',
      given: ['finalization(1, B)'],
      input: 'fetched B',
      outputs: [...storeAndSend('notarization(0, A)'), ...storeAndSend('finalize(0, A)'), 'fetch A from 0 1 2'],
    },
    {
      clause: '... and all of them executed before the commit',
      given: ['notarization(1, B)', 'finalization(1, B)', 'fetched B', 'fetched A', 'A is valid'],
      input: 'B is valid',
      outputs: ['store block B', 'tip B', 'commit A B'],
    },
    {
      clause: 'a rival of a final block is out: its proposal is past',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'proposal(0, A2)',
      outputs: ['ignore VIEW_PAST'],
    },
    {
      clause: '... and nothing on it is executed',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'proposal(1, BA2)',
      outputs: [],
    },
    {
      clause: 'votes of the view and below are past',
      given: [...notarised('A'), ...notarised('B'), 'finalization(1, B)'],
      input: 'nullify(0) by 0',
      outputs: ['ignore VIEW_PAST'],
    },
    {
      clause: 'a second final block in the view stops the engine',
      given: ['finalization(0, A)'],
      input: 'finalization(0, A2)',
      outputs: ['halt FINAL_CONFLICT'],
    },
    {
      clause: 'so does a final block beside the final chain',
      given: [...notarised('A'), 'finalization(0, A)', 'finalization(1, BA2)'],
      input: 'fetched BA2',
      outputs: ['halt FINAL_CONFLICT'],
    },
    {
      clause: 'and a final block that is not valid here',
      given: ['proposal(0, A)', 'finalization(0, A)'],
      input: 'A is invalid',
      outputs: ['halt FINAL_INVALID'],
    },
    {
      clause: 'after which it says nothing more',
      given: ['finalization(0, A)', 'finalization(0, A2)'],
      input: 'nullification(1)',
      outputs: [],
    },
    {
      clause: 'two signers of four: reject',
      given: [...notarised('A')],
      input: 'finalization(0, A) by 0 3',
      outputs: ['reject CERTIFICATE_QUORUM'],
    },
    {
      clause: 'known: ignore',
      given: ['finalization(0, A)'],
      input: 'finalization(0, A) by 1 2 3',
      outputs: ['ignore CERTIFICATE_KNOWN'],
    },
    {
      clause: 'of a final view: ignore',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'finalization(0, A)',
      outputs: ['ignore VIEW_PAST'],
    },
  ])
})
