/**
 * The order of arrival decides nothing. A history is drawn: what became of each view, with all the votes behind it, equivocation
 * and forgeries beside them. In whatever order its votes, certificates and proposals reach a node, and however slowly its
 * host answers, the node ends with the same final chain, the same tip, in the same view.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey, ZERO_HASH } from '../../core/bytes.ts'
import type { Block, Certificate, Message, Vote, VoteKind } from '../types.ts'
import {
  Bench,
  blockAt,
  certificate,
  EVERYBODY,
  GENESIS_BLOCK,
  leaderIn,
  proposal,
  viewLedBy,
  vote,
} from './fixture.ts'
import type { Output } from './types.ts'

/** Of a view, by the votes of three honest validators. `both`: they notarised, and gave up waiting for the next step. */
const FATES = ['final', 'notarised', 'nullified', 'both'] as const
type Fate = (typeof FATES)[number]

interface ViewPlan {
  readonly fate: Fate
  /** The votes arrive as the certificate that somebody else made of them. */
  readonly isCertified: boolean
}

interface History {
  readonly messages: readonly Message[]
  /** Final blocks, oldest first. */
  readonly final: readonly Block[]
  readonly tip: Block
  readonly blocks: ReadonlyMap<string, Block>
  /** What peers that saw everything would answer a question for certificates with. */
  readonly certificates: readonly Certificate[]
}

const forged = (like: Vote): Vote => ({ ...like, signature: new Uint8Array(96).fill(1) })

/** @param fourth not one of the three; faulty, it signs two of everything, in views that it leads two proposals as well */
function historyOf(plans: readonly ViewPlan[], fourth: number, isFaulty: boolean): History {
  const three = EVERYBODY.filter((index) => index !== fourth)
  const messages: Message[] = []
  const certificates: Certificate[] = []
  const blocks = new Map<string, Block>()
  const chain: Block[] = []
  let finalLength = 0
  const say = (kind: VoteKind, view: number, hash = ZERO_HASH, isWhole = false): void => {
    const whole = certificate(kind, view, hash, three)
    certificates.push(whole)
    if (isWhole) messages.push({ type: 'certificate', certificate: whole })
    else for (const one of three) messages.push({ type: 'vote', vote: vote(kind, view, hash, one) })
  }
  for (const [view, { fate, isCertified }] of plans.entries()) {
    const parent = chain.at(-1) ?? GENESIS_BLOCK
    const block = blockAt(view, parent)
    const rival = blockAt(view, parent, 2)
    const isRivalled = isFaulty && leaderIn(view) === fourth
    for (const each of isRivalled ? [rival, block] : [block]) {
      blocks.set(hexKey(each.hash), each)
      messages.push({ type: 'proposal', proposal: proposal(view, each) })
    }
    if (fate !== 'nullified') {
      say('notarize', view, block.hash, isCertified)
      chain.push(block)
    }
    if (fate === 'nullified' || fate === 'both') say('nullify', view, ZERO_HASH, isCertified)
    if (fate === 'final') {
      say('finalize', view, block.hash, isCertified)
      finalLength = chain.length
    }
    // Too few to matter, even with one more.
    const few = fate === 'nullified' ? 'notarize' : fate === 'notarised' ? 'finalize' : undefined
    if (few !== undefined) messages.push({ type: 'vote', vote: vote(few, view, block.hash, three[0]!) })
    if (!isFaulty) continue
    for (const hash of [rival.hash, block.hash]) {
      messages.push({ type: 'vote', vote: vote('notarize', view, hash, fourth) })
      messages.push({ type: 'vote', vote: vote('finalize', view, hash, fourth) })
    }
    messages.push({ type: 'vote', vote: vote('nullify', view, ZERO_HASH, fourth) })
    for (const one of three) {
      messages.push({ type: 'vote', vote: forged(vote('notarize', view, rival.hash, one)) })
      messages.push({ type: 'vote', vote: forged(vote('finalize', view, block.hash, one)) })
      messages.push({ type: 'vote', vote: forged(vote('notarize', view, block.hash, one)) })
      messages.push({ type: 'vote', vote: forged(vote('nullify', view, ZERO_HASH, one)) })
    }
  }
  return { messages, certificates, blocks, final: chain.slice(0, finalLength), tip: chain.at(-1) ?? GENESIS_BLOCK }
}

/** A node whose host answers when it is told to, and from peers that have everything. */
class Node {
  readonly bench: Bench
  readonly #history: History
  readonly committed: Block[] = []
  readonly said: Output[] = []
  tip: string | undefined
  #questions: Output[] = []

  constructor(history: History, me: number | undefined) {
    this.#history = history
    this.bench = new Bench(me)
    this.#listen(this.bench.said())
  }

  hear(message: Message): void {
    this.#listen(this.bench.hear(message))
  }

  answer(): boolean {
    const questions = this.#questions
    this.#questions = []
    for (const question of questions) {
      if (question.type === 'validate') this.#listen(this.bench.validate(question.block))
      if (question.type === 'fetchBlock') {
        const block = this.#history.blocks.get(hexKey(question.hash))
        if (block !== undefined) this.#listen(this.bench.step({ type: 'blockFetched', block }))
      }
      if (question.type === 'fetchCertificates') {
        const { fromView, toView } = question
        const asked = this.#history.certificates.filter(({ view }) => view >= fromView && view <= toView)
        for (const certificate of asked) this.hear({ type: 'certificate', certificate })
      }
    }
    return questions.length > 0
  }

  tick(): void {
    this.#listen(this.bench.tick())
  }

  #listen(outputs: readonly Output[]): void {
    for (const output of outputs) {
      this.said.push(output)
      if (output.type === 'finalized') this.committed.push(...output.blocks)
      if (output.type === 'notarized') this.tip = hexKey(output.certificate.blockHash)
      if (['validate', 'fetchBlock', 'fetchCertificates'].includes(output.type)) this.#questions.push(output)
    }
  }
}

/** Ticks in which everything that was asked for must be here. */
const PATIENCE = 20

function playOut(history: History, order: readonly number[], pauses: readonly boolean[], me: number | undefined): Node {
  const node = new Node(history, me)
  for (const [i, at] of order.entries()) {
    node.hear(history.messages[at]!)
    if (pauses[i % pauses.length] === true) node.answer()
  }
  for (let tick = 0; tick < PATIENCE; tick++) {
    node.tick()
    while (node.answer());
  }
  return node
}

const viewsUpTo = (maxLength: number) =>
  fc.array(fc.record({ fate: fc.constantFrom(...FATES), isCertified: fc.boolean() }), { minLength: 1, maxLength })
const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })

/** A place in the order for every message, and for some of them a second one. */
const ranks = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 120 })

function orderOf(messages: number, ranks: readonly number[]): number[] {
  const rankOf = (i: number): number => ranks[i % ranks.length]! + i / 1_000
  const arrivals = Array.from({ length: messages + ranks.length }, (_, i) => ({ at: i % messages, rank: rankOf(i) }))
  return arrivals.sort((a, b) => a.rank - b.rank).map(({ at }) => at)
}

const namesOf = (blocks: readonly Block[]): string[] => blocks.map(({ hash }) => hexKey(hash))

describe('the order of arrival', () => {
  it('changes nothing for an observer: equivocation and forgeries among the messages', () => {
    fc.assert(
      fc.property(viewsUpTo(7), fc.constantFrom(...EVERYBODY), ranks, pauses, (plans, faulty, ranks, pauses) => {
        const history = historyOf(plans, faulty, true)
        const node = playOut(history, orderOf(history.messages.length, ranks), pauses, undefined)
        expect(namesOf(node.committed)).toEqual(namesOf(history.final))
        expect(node.bench.engine.view).toBe(plans.length)
        expect(node.tip ?? hexKey(GENESIS_BLOCK.hash)).toBe(hexKey(history.tip.hash))
      }),
      { numRuns: 300 },
    )
  })

  it('changes nothing for a validator, nor makes it sign two things', () => {
    const me = 2
    fc.assert(
      fc.property(viewsUpTo(viewLedBy(me)), ranks, pauses, (plans, ranks, pauses) => {
        const history = historyOf(plans, me, false)
        const node = playOut(history, orderOf(history.messages.length, ranks), pauses, me)
        expect(namesOf(node.committed)).toEqual(namesOf(history.final))
        expect(node.bench.engine.view).toBe(plans.length)
        expect(node.tip ?? hexKey(GENESIS_BLOCK.hash)).toBe(hexKey(history.tip.hash))
        const signed = new Map<string, string>()
        for (const output of node.said) {
          if (output.type !== 'broadcast' || output.message.type !== 'vote') continue
          const { kind, view, blockHash } = output.message.vote
          const before = signed.get(`${kind}/${view}`) ?? hexKey(blockHash)
          signed.set(`${kind}/${view}`, before)
          expect(hexKey(blockHash)).toBe(before)
        }
      }),
      { numRuns: 300 },
    )
  })
})
