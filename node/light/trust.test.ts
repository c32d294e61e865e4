import { describe, expect, it } from 'vitest'
import { trustGenesis, unbondingMs } from '../../consensus/light/trust.ts'
import { toHex } from '../../core/bytes.ts'
import { FixtureSource, LIGHT_PARAMS, makeChain, rulesOf } from './fixture.ts'
import { newestEdge, resolveTrust, type TrustOptions } from './trust.ts'

const BLOCKS = 3 * LIGHT_PARAMS.epochBlocks + 5
const maker = await makeChain()
await maker.run(BLOCKS)
const other = await makeChain({ seed: 99 })
await other.run(BLOCKS)
const rules = await rulesOf(maker)
const { genesis } = maker
const begunMs = trustGenesis(genesis).header.timestampMs
const limitMs = unbondingMs(LIGHT_PARAMS) / 2
/** Of genesis, by the clock. */
const TOO_LATE_MS = begunMs + limitMs + 1_000
const EDGE = 3 * LIGHT_PARAMS.epochBlocks

const honest = (name: string, height?: () => number) => new FixtureSource(name, maker, undefined, height)
const hashAt = (height: number) => maker.chain.blockAt(height)!.block.hash

const optionsOf = (sources: readonly FixtureSource[], changes: Partial<TrustOptions> = {}): TrustOptions => ({
  genesis,
  rules,
  trustPeers: 0,
  sources: () => sources,
  nowMs: maker.chain.head.header.timestampMs,
  ...changes,
})
const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'trusted',
    (error: { code: string }) => error.code,
  )

describe('trust', () => {
  it('begins with genesis while that is good, and with what was known later', async () => {
    expect((await resolveTrust(optionsOf([]))).header.height).toBe(0)
    expect(await codeOf(resolveTrust(optionsOf([], { nowMs: TOO_LATE_MS })))).toBe('CHECKPOINT_NEEDED')
    const { trusted } = await newestEdge(optionsOf([honest('a')]))
    expect(trusted.header.height).toBe(EDGE)
    expect(await resolveTrust(optionsOf([], { known: trusted, nowMs: TOO_LATE_MS }))).toBe(trusted)
  })

  it('begins with a checkpoint, inside an epoch or at its end, from whoever has it', async () => {
    for (const height of [EDGE, EDGE + 2, 5]) {
      const checkpoint = { height, hash: hashAt(height) }
      const silent = new FixtureSource('silent', maker, () => undefined)
      const foreign = new FixtureSource('foreign', other)
      const trusted = await resolveTrust(optionsOf([silent, foreign, honest('a')], { checkpoint }))
      expect(toHex(trusted.hash)).toBe(toHex(checkpoint.hash))
      expect(trusted.set.epoch).toBe(Math.floor(height / LIGHT_PARAMS.epochBlocks))
      expect(foreign.blamed).toBe(1)
    }
    const wrong = { height: EDGE, hash: hashAt(EDGE - 1) }
    expect(await codeOf(resolveTrust(optionsOf([honest('a')], { checkpoint: wrong })))).toBe('LIGHT_UNANSWERED')
  })

  it('is not renewed by an old checkpoint', async () => {
    const checkpoint = { height: 1, hash: hashAt(1) }
    const nowMs = TOO_LATE_MS + 60_000
    expect(await codeOf(resolveTrust(optionsOf([honest('a')], { checkpoint, nowMs })))).toBe('CHECKPOINT_NEEDED')
  })
})

describe('peers that are asked', () => {
  const late = (sources: readonly FixtureSource[], trustPeers: number) =>
    resolveTrust(optionsOf(sources, { trustPeers, nowMs: TOO_LATE_MS }))

  it('are believed where so many agree, wherever each of them stands', async () => {
    const behind = honest('behind', () => 3)
    const boaster = honest('boaster', () => 10_000)
    for (const sources of [
      [honest('a'), honest('b'), honest('c')],
      [behind, honest('a'), honest('b'), honest('c')],
      [honest('a'), honest('b'), boaster, honest('c')],
    ]) {
      const trusted = await late(sources, 3)
      expect(trusted.header.height).toBe(EDGE)
      expect(toHex(trusted.hash)).toBe(toHex(hashAt(EDGE)))
    }
  })

  it('are refused when one says otherwise, and each is named with what it said', async () => {
    const liar = new FixtureSource('mallory', other)
    const attempt = late([honest('alice'), liar, honest('carol')], 2)
    const otherHash = toHex(other.chain.blockAt(EDGE)!.block.hash)
    await expect(attempt).rejects.toMatchObject({ code: 'TRUST_PEERS_DISAGREE', meta: { height: EDGE } })
    const message = await attempt.catch((error: Error) => error.message)
    expect(message).toContain(`alice says ${EDGE}:${toHex(hashAt(EDGE))}`)
    expect(message).toContain(`mallory says ${EDGE}:${otherHash}`)
  })

  it('are not enough when fewer answer than were asked for', async () => {
    const silent = new FixtureSource('silent', maker, () => undefined)
    expect(await codeOf(late([honest('a'), silent], 2))).toBe('TRUST_PEERS_FEW')
    expect(await codeOf(late([], 1))).toBe('TRUST_PEERS_FEW')
  })

  it('are not asked while what is known is good', async () => {
    const source = honest('a')
    const trusted = await resolveTrust(optionsOf([source], { trustPeers: 1 }))
    expect(trusted.header.height).toBe(0)
    expect(source.asked).toEqual([])
  })

  it('lead to the newest whole epoch from the best of them', async () => {
    const liar = new FixtureSource('liar', maker, (_, a) => (a.type === 'edges' ? { ...a, edges: [] } : a))
    const path = await newestEdge(optionsOf([liar, new FixtureSource('foreign', other), honest('a')]))
    expect(path.trusted.header.height).toBe(EDGE)
    expect(path.edges.map(({ header }) => header.epoch)).toEqual([0, 1, 2])
  })
})

describe('keys that were good once', () => {
  it('can sign another past, which only something newer than they are tells apart', async () => {
    const fork = new FixtureSource('fork', other)
    // The same genesis, and signatures of its validators: nothing in it is wrong.
    expect(toHex(other.chain.blockAt(0)!.block.hash)).toBe(toHex(rules.genesisHash))
    const path = await newestEdge(optionsOf([fork]))
    expect(toHex(path.trusted.hash)).not.toBe(toHex(hashAt(EDGE)))
    expect(fork.blamed).toBe(0)

    const late = { nowMs: TOO_LATE_MS }
    expect(await codeOf(newestEdge(optionsOf([fork], late)))).toBe('CHECKPOINT_NEEDED')
    const checkpoint = { height: EDGE - LIGHT_PARAMS.epochBlocks, hash: hashAt(EDGE - LIGHT_PARAMS.epochBlocks) }
    expect(await codeOf(newestEdge(optionsOf([fork], { ...late, checkpoint })))).toBe('LIGHT_UNANSWERED')
    const { trusted } = await newestEdge(optionsOf([honest('a')], { ...late, checkpoint }))
    expect(toHex(trusted.hash)).toBe(toHex(hashAt(EDGE)))
  })
})
