import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeLife, type LifeEvent, networkEvent } from './life-events.ts'
import { fixture, VALIDATORS } from './rpc/fixture.ts'
import { status, watch } from './watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Some time after the fixture's blocks. */
const NOW_MS = fixture().chain.finalized().timestampMs + 1_500

function watched(options: { readonly blocks?: boolean } = {}) {
  const { chain } = fixture()
  const events: LifeEvent[] = []
  const end = watch({
    node: chain,
    statusSeconds: 60,
    progressSeconds: 10,
    nowMs: () => NOW_MS,
    blocks: options.blocks ?? false,
    onEvent: (event) => void events.push(event),
  })
  return { chain, events, end }
}

describe('watching a node', () => {
  it('tells how it is every minute', () => {
    const { events, end } = watched()
    vi.advanceTimersByTime(120_000)
    expect(events.map(({ event }) => event)).toEqual(['status', 'status'])
    end()
    vi.advanceTimersByTime(120_000)
    expect(events).toHaveLength(2)
  })

  it('tells of each final block where that is wanted, and of each epoch', () => {
    const { chain, events, end } = watched({ blocks: true })
    chain.validator = VALIDATORS[0]!
    for (let i = 0; i < 7; i++) chain.mine()
    expect(events.filter(({ event }) => event === 'block')).toHaveLength(7)
    expect(events.filter(({ event }) => event === 'epoch')).toEqual([
      { event: 'epoch', epoch: 2, validators: 2, isMember: true },
    ])
    end()
    chain.mine()
    expect(events).toHaveLength(8)
  })

  it('tells of catching up once at its beginning and once at its end', () => {
    const { chain, events } = watched()
    const [own, sync] = [chain.syncing, () => ({ startingHeight: 1, currentHeight: 11, highestHeight: 40 })]
    chain.syncing = sync
    for (let i = 0; i < 3; i++) chain.mine()
    chain.syncing = own
    for (let i = 0; i < 2; i++) chain.mine()
    expect(events).toEqual([
      { event: 'syncing', height: 11, to: 40 },
      { event: 'synced', height: 14 },
    ])
  })

  it('counts the own missed views of a validator only', () => {
    const { chain } = fixture()
    expect(status(chain, NOW_MS)).toMatchObject({
      ...{ height: 12, finalizedHeight: 10, headAgeMs: 1_500, epoch: 1, peers: 3 },
      ...{ missedViews: null, balanceWei: null, stakeWei: null, isMember: null, leadsInViews: null },
    })
    chain.validator = VALIDATORS[1]!
    expect(status(chain, NOW_MS)).toMatchObject({ missedViews: expect.any(Number), isMember: true })
  })

  it('says what a validator has, when it leads, and that one without stake does not vote', () => {
    const { chain } = fixture()
    // In the order of the chain, whoever leads the next view leads in one.
    const next = VALIDATORS.filter((owner) => {
      chain.validator = owner
      const event = status(chain, NOW_MS)
      expect(describeLife(event)).toMatch(/1\.5 s old.*balance [0-9]+\.[0-9]{2} CPC, leads in [0-9]+ view/)
      return event.event === 'status' && event.leadsInViews === 1
    })
    const { proposer } = chain.mine().block.header
    expect(next).toEqual([proposer])
    chain.validator = new Uint8Array(20).fill(7)
    expect(describeLife(status(chain, NOW_MS))).toContain('balance 0.00 CPC, no stake: it votes once')
  })

  it('tells how fast it is while it is behind', () => {
    const { chain, events } = watched()
    chain.syncing = () => ({ startingHeight: 1, currentHeight: 13, highestHeight: 40 })
    for (let i = 0; i < 2; i++) chain.mine()
    vi.advanceTimersByTime(10_000)
    expect(events.at(-1)).toMatchObject({ event: 'progress', height: 13, of: 40, peers: 3 })
  })
})

describe('a life event', () => {
  it('is one line for people, the first one some more', () => {
    const peer = '12D3KooWGC6TvWhfagifX6mvd4VEJ4NgoYQd2nZqSP4BkHdqdm6o'
    const lines: readonly (readonly [LifeEvent, string])[] = [
      [{ event: 'banned', peer, code: 'BLOCK_INVALID', untilMs: 0 }, 'peer ...kHdqdm6o banned until 1970-01-01'],
      [
        { event: 'connected', peer, address: '/ip4/1.2.3.4/tcp/5', direction: 'inbound' },
        'connected (inbound, /ip4/1.2',
      ],
      [{ event: 'disconnected', peer, reason: 'other genesis' }, 'gone: other genesis'],
      [{ event: 'otherVersion', peer }, 'this node needs a newer quern'],
      [{ event: 'halted', height: 7 }, 'stopped after block 7'],
      [{ event: 'barred', epoch: 1, view: 9 }, 'signs nothing up to epoch 1, view 9'],
      [{ event: 'withoutCircuit' }, 'set zk.risc0_circuit'],
      [{ event: 'epoch', epoch: 3, validators: 1, isMember: true }, 'epoch 3 begins with 1 validator, this node among'],
    ]
    for (const [event, part] of lines) {
      expect(describeLife(event)).toContain(part)
      expect(describeLife(event)).not.toContain('\n')
    }
  })

  it('says at the start whether the validator has a stake', () => {
    const ready = { event: 'ready', rpc: '', ws: '', nodeId: '', multiaddrs: [], pid: 1, network: 'devnet' } as const
    const told = (validator: string | null, stakeWei: string | null) =>
      describeLife({ ...ready, genesis: '0x', height: 1, validator, stakeWei })
    expect(told('cpc1a', '5')).toContain('validates for cpc1a')
    expect(told('cpc1a', '0')).toContain('which has no stake here: it votes once it has some')
    expect(told(null, null)).toContain('follows')
  })

  it('is made of what the network tells, save what is only counted', () => {
    expect(networkEvent({ type: 'disconnected', peer: 'a', reason: 'b' })).toEqual({
      event: 'disconnected',
      peer: 'a',
      reason: 'b',
    })
    expect(networkEvent({ type: 'penalty', peer: 'a', code: 'X', score: -1 })).toBeUndefined()
    expect(networkEvent({ type: 'penalty', peer: 'a', code: 'OTHER_VERSION', score: -20 })).toEqual({
      event: 'otherVersion',
      peer: 'a',
    })
    expect(networkEvent({ type: 'dropped', queue: 'tx', peer: 'a' })).toBeUndefined()
  })
})
