/** PROTOCOL 5, S8, clause by clause: what is sent again, what is asked for, what is passed over. How to read the rows: fixture-rules.ts. */
import { describe, expect, it } from 'vitest'
import { checkRows, enter, notarised, outputWords, Play, RESEND_STARTS, storeAndSend, US } from './fixture-rules.ts'
import { RESEND_VIEWS } from './limits.ts'

const LEADER_OF_0 = 1

describe('S8: every D own votes of open views are sent again, and the certificate by which this one was entered', () => {
  checkRows([
    { clause: 'nothing was said, nothing is repeated', given: [], input: 'D passes', outputs: [RESEND_STARTS] },
    {
      clause: 'a vote of the present view',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'D passes',
      outputs: ['send notarize(0, A)', RESEND_STARTS],
    },
    {
      clause: 'votes of views that were left as well, until they are final',
      given: [...notarised('A'), 'propose fires', 'nullification(1)', 'advance fires'],
      input: 'D passes',
      outputs: [
        'send nullification(1)',
        'send notarize(0, A)',
        'send finalize(0, A)',
        'send nullify(1)',
        'send nullify(2)',
        RESEND_STARTS,
      ],
    },
    {
      clause: 'not of final views',
      given: [...notarised('A'), 'propose fires', 'finalization(0, A)'],
      input: 'D passes',
      outputs: ['send notarization(0, A)', 'send nullify(1)', RESEND_STARTS],
    },
    {
      clause: 'the leader its proposal, while it is in that view',
      me: LEADER_OF_0,
      given: ['built A'],
      input: 'D passes',
      outputs: ['send proposal(0, A)', 'send notarize(0, A)', RESEND_STARTS],
    },
    {
      clause: '... and not after it',
      me: LEADER_OF_0,
      given: ['built A', 'nullification(0)'],
      input: 'D passes',
      outputs: ['send nullification(0)', 'send notarize(0, A)', RESEND_STARTS],
    },
    {
      clause: 'an observer leaves it to the validators',
      me: undefined,
      given: ['nullification(0)'],
      input: 'D passes',
      outputs: [RESEND_STARTS],
    },
    {
      clause: 'a block that is missing is asked for again',
      given: ['notarization(0, A) by 0 1 3'],
      input: 'D passes',
      outputs: ['send notarization(0, A)', 'send finalize(0, A)', RESEND_STARTS, 'fetch A from 0 1 3'],
    },
    {
      clause: '... and not within D',
      given: ['notarization(0, A)'],
      input: 'nullification(1)',
      outputs: [...storeAndSend('nullification(1)'), ...enter(2, { factor: 2 })],
    },
    {
      clause: '... nor once it is here',
      given: ['notarization(0, A)', 'fetched A'],
      input: 'D passes',
      outputs: ['send notarization(0, A)', 'send finalize(0, A)', RESEND_STARTS],
    },
    {
      clause: 'one that nobody certified is not taken in',
      given: [],
      input: 'fetched A',
      outputs: ['ignore BLOCK_UNWANTED'],
    },
    {
      clause: 'nor another body under a certified hash',
      given: ['notarization(0, A)'],
      input: 'fetched Aswapped',
      outputs: ['reject BLOCK_BODY'],
    },
    {
      clause: 'a certificate that is missing is asked for again',
      given: ['nullification(1)', 'proposal(2, C0)', 'C0 is valid'],
      input: 'D passes',
      outputs: ['send nullification(1)', RESEND_STARTS, 'fetch views 0..1'],
    },
    {
      clause: 'a lagging node jumps by the newest finalization',
      given: ['nullification(0)'],
      input: 'finalization(2, C)',
      outputs: [...storeAndSend('finalization(2, C)'), ...enter(3, { from: 1 }), 'fetch C from 0 1 2'],
    },
    {
      clause: 'votes more than 64 views ahead are passed over',
      given: [],
      input: 'nullify(65) by 0',
      outputs: ['ignore VIEW_AHEAD'],
    },
    { clause: '... and 64 views ahead are not', given: [], input: 'nullify(64) by 0', outputs: [] },
  ])

  it(`votes are repeated for the newest ${RESEND_VIEWS} views and no more`, () => {
    const play = new Play(US)
    for (let view = 0; view < RESEND_VIEWS + 10; view++) {
      play.do('advance fires')
      play.do(`nullification(${view})`)
    }
    const repeated = play.do('D passes').map(outputWords)
    expect(repeated.filter((words) => words.startsWith('send nullify('))).toEqual(
      Array.from({ length: RESEND_VIEWS - 1 }, (_, i) => `send nullify(${i + 11})`),
    )
  })
})
