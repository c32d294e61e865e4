/** PROTOCOL 5, S7, clause by clause: what the disk holds, what a restart keeps. How to read the rows: fixture-rules.ts. */
import { describe, expect, it } from 'vitest'
import {
  checkRows,
  enter,
  notarised,
  outputWords,
  Play,
  RESEND_STARTS,
  storeAndSend,
  timers,
  US,
} from './fixture-rules.ts'
import type { JournalRecord } from './types.ts'

const LEADER_OF_0 = 1
const LEADER_OF_2 = 1

describe('S7: on disk before it leaves, and what it relies on before it', () => {
  checkRows([
    {
      clause: 'a notarize vote after the body',
      given: ['proposal(0, A)'],
      input: 'A is valid',
      outputs: ['store block A', 'cancel propose/0/0', 'store notarize(0, A)', 'send notarize(0, A)'],
    },
    {
      clause: '... and after the notarization of the parent, which came with the block',
      given: ['proposal(0, A)', 'A is valid', 'advance fires'],
      input: 'proposal(1, B)',
      outputs: ['store notarization(0, A)', 'send notarization(0, A)', ...timers(1), 'execute B', 'tip A'],
    },
    {
      clause: 'a proposal with its body, before our vote for it',
      me: LEADER_OF_0,
      given: [],
      input: 'built A',
      outputs: [
        'store proposal(0, A)',
        'send proposal(0, A)',
        'cancel propose/0/0',
        'store notarize(0, A)',
        'send notarize(0, A)',
      ],
    },
    {
      clause: 'a finalize vote after the notarization',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [
        'store notarization(0, A)',
        'send notarization(0, A)',
        'store finalize(0, A)',
        'send finalize(0, A)',
        'cancel advance/0/0',
        ...timers(1),
        'tip A',
      ],
    },
    {
      clause: 'a nullify vote',
      given: [],
      input: 'advance fires',
      outputs: ['store nullify(0)', 'send nullify(0)'],
    },
    {
      clause: 'a body is stored once',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'D passes',
      outputs: ['send notarize(0, A)', RESEND_STARTS],
    },
  ])
})

describe('S7: after a restart only what is recorded is sent again, and nothing different is ever signed', () => {
  checkRows([
    {
      clause: 'with an empty disk a node begins as ever',
      given: [],
      input: 'restart',
      outputs: [...timers(0), RESEND_STARTS],
    },
    {
      clause: 'a recorded notarize is sent again, and its block executed again',
      given: ['proposal(0, A)', 'A is valid'],
      input: 'restart',
      outputs: [...timers(0), RESEND_STARTS, 'send notarize(0, A)'],
    },
    {
      clause: '... and the leader’s other block gets none',
      given: ['proposal(0, A)', 'A is valid', 'restart', 'proposal(0, A2)'],
      input: 'A2 is valid',
      outputs: ['store block A2'],
    },
    {
      clause: '... but a timer still nullifies',
      given: ['proposal(0, A)', 'A is valid', 'restart'],
      input: 'advance fires',
      outputs: storeAndSend('nullify(0)'),
    },
    {
      clause: 'a recorded nullify is sent again',
      given: ['advance fires'],
      input: 'restart',
      outputs: [...timers(0), RESEND_STARTS, 'send nullify(0)'],
    },
    {
      clause: '... forbids notarize',
      given: ['advance fires', 'restart', 'proposal(0, A)'],
      input: 'A is valid',
      outputs: ['store block A'],
    },
    {
      clause: '... forbids finalize',
      given: ['advance fires', 'restart', 'proposal(0, A)', 'A is valid'],
      input: 'notarization(0, A)',
      outputs: [...storeAndSend('notarization(0, A)'), ...enter(1), 'tip A'],
    },
    {
      clause: '... and is not signed a second time',
      given: ['advance fires', 'restart'],
      input: 'advance fires',
      outputs: [],
    },
    {
      clause: '... forbids to propose',
      me: LEADER_OF_0,
      given: ['advance fires'],
      input: 'restart',
      outputs: [...timers(0), RESEND_STARTS, 'send nullify(0)'],
    },
    {
      clause: 'a recorded proposal is sent again, and nothing else is built',
      me: LEADER_OF_0,
      given: ['built A'],
      input: 'restart',
      outputs: [...timers(0), RESEND_STARTS, 'send proposal(0, A)', 'send notarize(0, A)', 'execute A'],
    },
    {
      clause: '... a build that was asked for before has no effect',
      me: LEADER_OF_0,
      given: ['built A', 'restart'],
      input: 'built A2',
      outputs: [],
    },
    {
      clause: 'without a recorded proposal it builds anew',
      me: LEADER_OF_0,
      given: [],
      input: 'restart',
      outputs: [...timers(0), RESEND_STARTS, 'build(0) on genesis'],
    },
    {
      clause: 'a recorded certificate leads to its view, by which it was entered',
      given: ['nullification(0)'],
      input: 'restart',
      outputs: [...timers(1, 2), RESEND_STARTS, 'send nullification(0)'],
    },
    {
      clause: 'a notarization with its block and votes: executed again before anything is built on it',
      me: LEADER_OF_2,
      given: ['nullification(0)', 'proposal(1, B0)', 'B0 is valid', 'notarization(1, B0)'],
      input: 'restart',
      outputs: [
        ...timers(2, 2),
        RESEND_STARTS,
        'send notarization(1, B0)',
        'send notarize(1, B0)',
        'send finalize(1, B0)',
        'execute B0',
      ],
    },
    {
      clause: '... then it leads',
      me: LEADER_OF_2,
      given: ['nullification(0)', 'proposal(1, B0)', 'B0 is valid', 'notarization(1, B0)', 'restart'],
      input: 'B0 is valid',
      outputs: ['tip B0', 'build(2) on B0 by notarization(1, B0)'],
    },
    {
      clause: 'a finalization whose commit did not happen is carried out',
      given: ['finalization(0, A)', 'notarization(0, A)', 'fetched A', 'restart', 'fetched A'],
      input: 'A is valid',
      outputs: ['store block A', 'tip A', 'commit A'],
    },
    {
      clause: 'a vote of ours that a peer remembers binds us though our disk is lost',
      given: [`nullify(0) by ${US}`, 'proposal(0, A)'],
      input: 'A is valid',
      outputs: ['store block A'],
    },
    {
      clause: 'records of final views are passed over',
      given: [...notarised('A'), 'finalization(0, A)'],
      input: 'restart',
      outputs: [...timers(1), RESEND_STARTS, 'send finalization(0, A)'],
    },
  ])

  /** A run with every kind of record, of a validator that leads views 0 and 2. */
  const RUN = [
    'built A',
    'notarization(0, A)',
    'propose fires',
    'nullification(1)',
    'built CA',
    'notarization(2, CA)',
    'advance fires',
    'finalization(0, A)',
  ]
  /** What could tempt it into a second statement. */
  const TEMPTATIONS = [
    'built A2',
    'proposal(0, A2)',
    'A2 is valid',
    'notarization(0, A2)',
    'proposal(1, B)',
    'B is valid',
    'notarization(1, B)',
    'propose fires',
    'built C0',
    'built C',
    'advance fires',
    'D passes',
  ]

  it('after every prefix of the records of a run, whatever it then hears', () => {
    const whole = new Play(LEADER_OF_0)
    const said: string[] = [...whole.started].map(outputWords)
    for (const words of RUN) said.push(...whole.do(words).map(outputWords))
    expect(whole.records.length).toBeGreaterThan(8)
    for (let kept = 0; kept <= whole.records.length; kept++) {
      const life = new Play(LEADER_OF_0)
      for (const words of RUN) life.do(words)
      const disk = life.records.slice(0, kept).map((record) => outputWords({ type: 'persist', record }))
      // What had left by then: all that stands before the first record that is lost.
      const lost = said.indexOf(
        kept === life.records.length ? '' : outputWords({ type: 'persist', record: life.records[kept]! }),
      )
      const left = said.slice(0, lost < 0 ? said.length : lost).filter((words) => words.startsWith('send'))
      const after = life.restart((_, i) => i < kept).map(outputWords)
      for (const words of TEMPTATIONS) after.push(...life.do(words).map(outputWords))
      for (const words of left) expect(disk).toContain(words.replace('send', 'store'))
      expect(contradictions([...left, ...after]), `after ${kept} records`).toEqual([])
    }
  })

  const only =
    (type: JournalRecord['type']) =>
    (record: JournalRecord): boolean =>
      record.type === type

  it('also when nothing but our own votes is left of them', () => {
    const life = new Play(US)
    for (const words of notarised('A')) life.do(words)
    life.restart(only('vote'))
    expect(life.engine.view).toBe(0)
    expect(life.do('advance fires')).toEqual([])
  })

  it('... which lead to the view of the newest', () => {
    const life = new Play(US)
    for (const words of ['nullification(0)', 'advance fires']) life.do(words)
    expect(life.restart(only('vote')).map(outputWords)).toContain('send nullify(1)')
    expect(life.engine.view).toBe(1)
  })

  it('a notarization whose finalize vote was not recorded yet gets it', () => {
    const life = new Play(US)
    for (const words of notarised('A')) life.do(words)
    const said = life.restart(only('certificate')).map(outputWords)
    expect(said).toEqual([
      ...timers(1),
      RESEND_STARTS,
      'send notarization(0, A)',
      ...storeAndSend('finalize(0, A)'),
      'fetch A from 0 1 2',
    ])
  })
})

/** Pairs of things sent that no honest validator says both of (PROTOCOL 5, Accountability). */
function contradictions(said: readonly string[]): string[] {
  const own = [...new Set(said)].flatMap((words) => {
    const [, kind, view] = /^send (notarize|nullify|finalize|proposal)\((\d+)/.exec(words) ?? []
    return kind === undefined ? [] : [{ words, kind, view }]
  })
  return own.flatMap((one, i) =>
    own
      .slice(i + 1)
      .filter((other) => one.view === other.view)
      .filter(({ kind }) => kind === one.kind || [kind, one.kind].sort().join() === 'finalize,nullify')
      .map((other) => `${one.words} and ${other.words}`),
  )
}
