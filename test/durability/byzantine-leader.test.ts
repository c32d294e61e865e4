/**
 * One of four validators leads against the rules: each of its views it proposes a block that is wrong in one way. No
 * honest validator votes for it, its view is nullified, and the chain goes on without it.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Evidence } from '../../consensus/simplex/types.ts'
import { FAST_PARAMS, testKey, testRules, withHeader } from '../../consensus/testing/chain.ts'
import type { Block, Proposal } from '../../consensus/types.ts'
import { proposalBytes, signerOf, signVote } from '../../consensus/vote.ts'
import { equalBytes, toHex } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster, chainOf } from '../../node/testing/cluster.ts'
import type { NetworkMessage, PeerId } from '../../p2p/transport.ts'
import { FORGERIES, findTickets, type Tickets } from './forgeries.ts'
import { ShadowChain } from './shadow-chain.ts'
import { type Statement, statementOf } from './statements.ts'
import { type Tap, tapped } from './tapped-transport.ts'

/**
 * One epoch, so that nobody is jailed and the leaders are known; D long enough that an honest block never runs out of time.
 * The window is open for the results that come first, and closed for the stale one that comes last.
 */
const PARAMS = { ...FAST_PARAMS, networkDelayMs: 80, epochBlocks: 400, seedWindowBlocks: 24 }
const BYZANTINE = 0
const HONEST = [1, 2, 3]
/** The block that the lottery is played on. */
const SEED_HEIGHT = 2

const scheme = standInScheme()
let cluster: Cluster
let said: Statement[]
let evidence: Evidence[]
beforeEach(() => {
  cluster = new Cluster(4, PARAMS, scheme)
  said = []
  evidence = []
})
afterEach(() => cluster.stopAll())

const idOf = (i: number): string => `node-${i}`

const startHonest = (): Promise<ChainNode[]> =>
  Promise.all(
    HONEST.map((i) => {
      const listen: Tap = (message) => {
        const statement = message.type === 'consensus' ? statementOf(idOf(i), message.message) : undefined
        if (statement !== undefined) said.push(statement)
        return [message]
      }
      const transport = tapped(cluster.hub.connect(idOf(i)), listen)
      return cluster.start(i, { transport, onEvidence: (found) => evidence.push(found) })
    }),
  )

const proposalOf = (view: number, block: Block): NetworkMessage => {
  const unsigned = { epoch: block.header.epoch, view, block }
  const signature = scheme.sign(
    testKey(BYZANTINE).blsSecretKey,
    proposalBytes(genesisBlock(cluster.genesis).block.hash, unsigned),
  )
  return { type: 'consensus', message: { type: 'proposal', proposal: { ...unsigned, signature } } }
}

/** Signed by the byzantine validator, which stands in the set where `node` says. */
function notarizeOf(node: ChainNode, view: number, block: Block): NetworkMessage {
  const { owner, blsSecretKey } = testKey(BYZANTINE)
  const { members } = node.validatorSet(block.header.epoch)!
  const validator = members.findIndex(({ address }) => equalBytes(address, owner))
  const unsigned = { kind: 'notarize', epoch: block.header.epoch, view, blockHash: block.hash, validator } as const
  const vote = signVote(unsigned, node.genesisHash, signerOf(scheme, blsSecretKey))
  return { type: 'consensus', message: { type: 'vote', vote } }
}

/** The byzantine validator: an honest node whose every proposal passes through `lead`. It is silent about views it forged. */
async function startByzantine(
  lead: (proposal: Proposal, to: PeerId | undefined) => Block | undefined,
): Promise<ChainNode> {
  const forged = new Set<number>()
  const lie: Tap = (message, to) => {
    if (message.type !== 'consensus') return [message]
    const mine = message.message
    if (mine.type === 'vote') return forged.has(mine.vote.view) ? [] : [message]
    if (mine.type !== 'proposal') return [message]
    const block = lead(mine.proposal, to)
    if (block === undefined) return [message]
    forged.add(mine.proposal.view)
    return [proposalOf(mine.proposal.view, block)]
  }
  return cluster.start(BYZANTINE, { transport: tapped(cluster.hub.connect(idOf(BYZANTINE)), lie) })
}

const voters = (kind: Statement['kind'], view: number, hash?: string): Set<string> =>
  new Set(
    said
      .filter((s) => s.kind === kind && s.view === view && (hash === undefined || s.hash === hash))
      .map((s) => s.node),
  )

describe('a byzantine leader', () => {
  it('gets no vote for a block that is wrong in any way, and one for a right one', async () => {
    interface Played {
      readonly name: string
      readonly code: string
      readonly verdict: string
      readonly view: number
      readonly hash: string
    }
    const rules = testRules(genesisBlock(cluster.genesis).block.hash, PARAMS, scheme)
    const shadow = new ShadowChain(cluster.genesis, rules)
    const waiting = [...FORGERIES]
    const byView = new Map<number, Block>()
    const played: Played[] = []
    let tickets: Tickets | undefined
    let fromHeight = 0

    const liar = await startByzantine(({ view, block }) => {
      const again = byView.get(view)
      if (again !== undefined) return again
      const parent = shadow.get(block.header.parentHash)
      const next = waiting[0]
      if (parent === undefined || tickets === undefined || next === undefined) return undefined
      if (block.header.height < fromHeight) return undefined
      const isClosed = block.header.height > SEED_HEIGHT + PARAMS.seedWindowBlocks
      if (next.window !== undefined && (next.window === 'closed') !== isClosed) return undefined
      waiting.shift()
      const forged = next.make({ parent, honest: block, rules: shadow.rules, tickets })
      byView.set(view, forged)
      const verdict = shadow.verdict(forged)
      played.push({ name: next.name, code: next.code, verdict, view, hash: toHex(forged.hash) })
      return forged
    })
    shadow.follow(liar)
    const honest = await startHonest()
    await cluster.until(liar, SEED_HEIGHT)
    const seed = liar.blockByHeight(SEED_HEIGHT)!.block
    tickets = findTickets(seed.hash, SEED_HEIGHT)
    // The search kept every node from its work: the views it ran into are over by then.
    fromHeight = liar.latest().height + 3

    await cluster.until(honest[0]!, () => waiting.length === 0)
    const lastView = played.at(-1)!.view
    for (const node of honest) await cluster.until(node, () => node.finalized().view > lastView)

    expect(played.map(({ name, verdict }) => [name, verdict])).toEqual(FORGERIES.map(({ name, code }) => [name, code]))
    const { height } = honest[0]!.finalized()
    const final = new Set<string>(
      Array.from({ length: height + 1 }, (_, h) => toHex(honest[0]!.blockByHeight(h)!.block.hash)),
    )
    for (const { name, code, view, hash } of played) {
      const isRight = code === 'valid'
      expect([name, voters('notarize', view, hash).size]).toEqual([name, isRight ? HONEST.length : 0])
      expect([name, voters('nullify', view).size]).toEqual([name, isRight ? 0 : HONEST.length])
      expect([name, final.has(hash)]).toEqual([name, isRight])
    }
    expect(evidence).toEqual([])
  })

  it('that proposes and votes twice is found out, and divides nobody', async () => {
    const id = idOf(BYZANTINE)
    const wire = cluster.hub.connect(id)
    const twins = new Map<number, readonly NetworkMessage[]>()
    const twice: Tap = (message) => {
      if (message.type !== 'consensus') return [message]
      if (message.message.type === 'vote') return twins.has(message.message.vote.view) ? [] : [message]
      if (message.message.type !== 'proposal') return [message]
      const { view, block } = message.message.proposal
      const blocks = [block, withHeader(block, { extraData: Uint8Array.of(1) })]
      const both = blocks.flatMap((each) => [proposalOf(view, each), notarizeOf(cluster.nodes[1]!, view, each)])
      twins.set(view, both)
      // Everybody gets everything, and nobody in the same order.
      for (const [i, to] of HONEST.entries()) {
        for (const each of i % 2 === 0 ? both : both.toReversed()) wire.send(idOf(to), each)
      }
      return []
    }
    await cluster.start(BYZANTINE, { transport: tapped(wire, twice) })
    const honest = await startHonest()
    await cluster.until(honest[0]!, () => twins.size >= 4)
    const height = honest[0]!.finalized().height + 4
    for (const node of honest) await cluster.until(node, height)

    const [first, ...others] = honest.map((node) => chainOf(node, height))
    for (const other of others) expect(other).toEqual(first)
    const accused = new Set(evidence.map(({ validator }) => toHex(validator)))
    expect(accused).toEqual(new Set([toHex(testKey(BYZANTINE).owner)]))
    expect(evidence.length).toBeGreaterThanOrEqual(HONEST.length)
    for (const view of twins.keys()) {
      for (const i of HONEST) {
        const hashes = new Set(
          said.filter((s) => s.node === idOf(i) && s.kind === 'notarize' && s.view === view).map(({ hash }) => hash),
        )
        expect(hashes.size).toBeLessThanOrEqual(1)
      }
    }
  })
})
