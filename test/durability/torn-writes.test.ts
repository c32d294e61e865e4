/**
 * The power goes at any write: every one of a run, written or not, in one node and in all of them. Whatever is on the
 * disk then must open, agree with the others, and go on without contradicting what was said before.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import { MemoryStore } from '../../core/kv.ts'
import { type Random, randomStream } from '../../core/random.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster, chainOf } from '../../node/testing/cluster.ts'
import { type CutPlan, FaultyStore, PowerCut } from './faulty-store.ts'
import { StatementBook, statementOf } from './statements.ts'
import { type Tap, tapped } from './tapped-transport.ts'

/** Short views, so that a view without its leader costs little. */
const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 40 }
const VALIDATORS = 4
const LIVES = 12
const everything: Tap = (message) => [message]

let cluster: Cluster
let book: StatementBook
let evidence: unknown[]

beforeEach(() => {
  cluster = new Cluster(VALIDATORS, PARAMS)
  book = new StatementBook()
  evidence = []
})
afterEach(() => cluster.stopAll())

interface Life {
  readonly node: ChainNode
  /** Resolves when the power went. */
  readonly cut: Promise<void>
}

/** Opens node i on its disk, with the power failing as planned. */
async function live(i: number, plan?: CutPlan, tap: Tap = everything): Promise<Life> {
  cluster.stores[i] ??= new MemoryStore()
  const disk = cluster.stores[i]
  let end = (): void => {}
  const cut = new Promise<void>((resolve) => {
    end = resolve
  })
  const id = `node-${i}`
  const transport = tapped(cluster.hub.connect(id), (message, to) => {
    const said = tap(message, to)
    for (const one of said) {
      const statement = one.type === 'consensus' ? statementOf(id, one.message) : undefined
      if (statement !== undefined) book.add(statement)
    }
    return said
  })
  const open = cluster.start(i, {
    ...(plan === undefined ? {} : { store: new FaultyStore(disk, plan) }),
    transport,
    onEvidence: (found) => evidence.push(found),
    onFailure: (error) => {
      if (error instanceof PowerCut) end()
      else cluster.failures.push(error)
    },
  })
  return { node: await open, cut }
}

/** As `live`, and once the power went and everything stopped, again by the next plan. */
async function liveAndDie(i: number, plan: CutPlan, tap?: Tap): Promise<void> {
  try {
    const { cut } = await live(i, plan, tap)
    await cut
  } catch (error) {
    // Cut while the store was begun.
    if (!(error instanceof PowerCut)) throw error
  }
  await cluster.stop(i)
}

/** All go on, and are of one mind about every final block. */
async function expectHealthy(nodes: readonly ChainNode[]): Promise<void> {
  const height = Math.max(...nodes.map((node) => node.finalized().height)) + PARAMS.epochBlocks
  for (const node of nodes) await cluster.until(node, height)
  const chains = nodes.map((node) => chainOf(node, height))
  for (const chain of chains) expect(chain).toEqual(chains[0])
  expect(book.violations).toEqual([])
  expect(evidence).toEqual([])
  expect(book.size).toBeGreaterThan(height)
}

describe('power cuts', () => {
  it('of one validator, at each write of its life: it comes back and agrees', async () => {
    const others = await Promise.all([0, 1, 2].map((i) => live(i)))
    for (let atWrite = 1; atWrite <= 16; atWrite++) {
      for (const isWritten of [false, true]) await liveAndDie(3, { atWrite, isWritten })
      expect(book.violations).toEqual([])
    }
    const { node } = await live(3)
    await expectHealthy([...others.map((life) => life.node), node])
  })

  it('while several blocks become final at once: the store shows a head that can be opened', async () => {
    // Finalizations of most views never form, so each one that does settles a run of blocks.
    const rarely: Tap = (message) => {
      if (message.type !== 'consensus') return [message]
      const said = message.message
      const isFinalize =
        (said.type === 'vote' && said.vote.kind === 'finalize') ||
        (said.type === 'certificate' && said.certificate.kind === 'finalize')
      const view = said.type === 'vote' ? said.vote.view : said.type === 'certificate' ? said.certificate.view : 0
      return isFinalize && view % 4 !== 3 ? [] : [message]
    }
    const others = await Promise.all([0, 1, 2].map((i) => live(i, undefined, rarely)))
    for (let atWrite = 1; atWrite <= 14; atWrite++) {
      for (const isWritten of [false, true]) await liveAndDie(3, { atWrite, isWritten }, rarely)
    }
    const { node } = await live(3, undefined, rarely)
    await expectHealthy([...others.map((life) => life.node), node])
    const { height } = node.finalized()
    const together = Array.from({ length: height }, (_, h) => node.certificates(h + 1).finalization === undefined)
    expect(together.filter(Boolean).length).toBeGreaterThan(height / 4)
  })

  for (const seed of [1, 2, 3]) {
    it(`of all validators, again and again (seed ${seed})`, async () => {
      const drawCut = (random: Random): CutPlan => ({ atWrite: 1 + random.below(24), isWritten: random.below(2) === 1 })
      const lives = await Promise.all(
        Array.from({ length: VALIDATORS }, async (_, i) => {
          const random = randomStream(seed * VALIDATORS + i, 'faults')
          for (let life = 0; life < LIVES; life++) await liveAndDie(i, drawCut(random))
          return live(i)
        }),
      )
      await expectHealthy(lives.map(({ node }) => node))
    })
  }
})
