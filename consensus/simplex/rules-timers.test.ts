/** PROTOCOL 5, S3, clause by clause: timers and the nullify vote. How to read the rows: fixture-rules.ts. */
import { describe, expect, it } from 'vitest'
import { checkRows, enter, outputWords, Play, type Row, storeAndSend, timers, US } from './fixture-rules.ts'

const LEADER_OF_0 = 1

const NULLIFY_0 = storeAndSend('nullify(0)')

describe('S3: a timer makes us vote nullify, after which there is no notarize and no finalize', () => {
  checkRows([
    { clause: 'proposeTimer', given: [], input: 'propose fires', outputs: NULLIFY_0 },
    { clause: 'advanceTimer', given: [], input: 'advance fires', outputs: NULLIFY_0 },
    { clause: 'once', given: ['propose fires'], input: 'advance fires', outputs: [] },
    {
      clause: 'a notarize vote does not prevent it',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'advance fires',
      outputs: NULLIFY_0,
    },
    {
      clause: 'a finalize vote does, be it one of an earlier life that a peer remembers',
      given: [`finalize(0, A) by ${US}`],
      input: 'advance fires',
      outputs: [],
    },
    {
      clause: 'after nullify no notarize',
      given: ['advance fires', 'proposal(0, A)'],
      input: 'A is valid',
      outputs: ['store block A'],
    },
    {
      clause: 'after nullify no finalize, though the view is left',
      given: ['proposal(0, A)', 'A is valid', 'advance fires'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), ...timers(1), 'tip A'],
    },
    {
      clause: 'after nullify no proposal',
      me: LEADER_OF_0,
      given: ['advance fires'],
      input: 'built A',
      outputs: [],
    },
    {
      clause: 'leaving a view cancels both timers',
      given: [],
      input: 'notarization(0, A)',
      outputs: [
        ...storeAndSend('notarization(0, A)'),
        ...storeAndSend('finalize(0, A)'),
        ...enter(1),
        'fetch A from 0 1 2',
      ],
    },
    {
      clause: 'one that fires all the same says nothing',
      given: ['nullification(0)'],
      input: 'timer propose/0/0 fires',
      outputs: [],
    },
    { clause: 'an observer has no vote to cast', me: undefined, given: [], input: 'propose fires', outputs: [] },
  ])

  const doubling: readonly [nullified: number, factor: number][] = [
    [1, 2],
    [2, 4],
    [3, 8],
    [4, 16],
    [5, 32],
    [6, 64],
    [7, 64],
    [80, 64],
  ]
  for (const [nullified, factor] of doubling) {
    it(`after ${nullified} nullified views timers are ${factor} times as long`, () => {
      const play = new Play(US)
      for (let view = 0; view < nullified - 1; view++) play.do(`nullification(${view})`)
      const outputs = play.do(`nullification(${nullified - 1})`).map(outputWords)
      expect(outputs.filter((words) => words.startsWith('start'))).toEqual(timers(nullified, factor))
    })
  }

  const resets: readonly Row[] = [
    {
      clause: 'a view that is notarised and not final neither doubles nor resets them',
      given: ['nullification(0)'],
      input: 'notarization(1, B0)',
      outputs: [
        ...storeAndSend('notarization(1, B0)'),
        ...storeAndSend('finalize(1, B0)'),
        ...enter(2, { factor: 2 }),
        'fetch B0 from 0 1 2',
      ],
    },
    {
      clause: 'views jumped over, of which nothing is known, do not double them',
      given: ['nullification(1)'],
      input: 'nullification(5)',
      outputs: [...storeAndSend('nullification(5)'), ...enter(6, { from: 2, factor: 4 })],
    },
    {
      clause: 'a finalization resets them',
      given: ['nullification(0)', 'nullification(1)'],
      input: 'finalization(2, C0)',
      outputs: [...storeAndSend('finalization(2, C0)'), ...enter(3), 'fetch C0 from 0 1 2'],
    },
  ]
  checkRows(resets)
})
