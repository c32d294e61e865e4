import { describe, expect, it } from 'vitest'
import type { P2pCounters } from '../../p2p/options.ts'
import { ACCOUNTS, fixture, transfer, VALIDATORS } from '../rpc/fixture.ts'
import { NodeMetrics, type NodeMetricsOptions } from './node-metrics.ts'

const COUNTERS: P2pCounters = {
  messagesIn: { vote: 5, block: 2 },
  messagesOut: { vote: 4 },
  bytesIn: 1_000,
  bytesOut: 2_000,
  dropped: { tx: 3 },
  penalties: { SIGNATURE_INVALID: 1 },
  bans: 2,
}

function measured(options: Partial<NodeMetricsOptions> = {}) {
  const { chain, clock } = fixture()
  const metrics = new NodeMetrics({ node: chain, clientVersion: 'quern/test', nowMs: () => clock.nowMs, ...options })
  /** Value of a line, by its name and labels. */
  const value = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((text) => text.startsWith(`${name} `))
    return line === undefined ? undefined : Number(line.slice(name.length + 1))
  }
  return { chain, clock, metrics, value }
}

describe('metrics', () => {
  it('say where the chain is, and what waits', async () => {
    const { chain, metrics, value } = measured()
    await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
    await chain.submit(transfer(chain, ACCOUNTS[1]!, ACCOUNTS[0]!.address, 1n, { nonce: 9 }))
    const names = ['height', 'finalized_height', 'epoch', 'view', 'validators', 'peers', 'syncing']
    const values = await Promise.all(names.map((name) => value(`quern_${name}`)))
    expect(values).toEqual([12, 10, 1, chain.latest().view, 2, 3, 0])
    expect(await value('quern_mempool_transactions{status="pending"}')).toBe(1)
    expect(await value('quern_mempool_transactions{status="queued"}')).toBe(1)
    expect(metrics.contentType).toContain('text/plain')
  })

  it('follow final blocks until they are stopped', async () => {
    const { chain, clock, metrics, value } = measured()
    const before = chain.finalized().timestampMs
    chain.mine()
    const { timestampMs } = chain.finalized()
    expect(await value('quern_block_interval_seconds_count')).toBe(1)
    expect(await value('quern_block_interval_seconds_sum')).toBeCloseTo((timestampMs - before) / 1_000)
    expect(await value('quern_finality_seconds_count')).toBe(1)
    expect(await value('quern_finality_seconds_sum')).toBeCloseTo((clock.nowMs - timestampMs) / 1_000)
    metrics.stop()
    chain.mine()
    expect(await value('quern_block_interval_seconds_count')).toBeUndefined()
  })

  it('take over the counters of the network, however often they are read', async () => {
    const { value } = measured({ counters: () => COUNTERS })
    for (let reading = 0; reading < 2; reading++) {
      expect(await value('quern_network_messages_total{direction="in",type="vote"}')).toBe(5)
      expect(await value('quern_network_messages_total{direction="out",type="vote"}')).toBe(4)
      expect(await value('quern_network_bytes_total{direction="out"}')).toBe(2_000)
      expect(await value('quern_network_dropped_total{queue="tx"}')).toBe(3)
      expect(await value('quern_peer_penalties_total{code="SIGNATURE_INVALID"}')).toBe(1)
      expect(await value('quern_peer_bans_total')).toBe(2)
    }
  })

  it('count the leader views of the own validator, where there is one', async () => {
    const { chain } = fixture()
    chain.validator = VALIDATORS[0]!
    const own = measured({ node: chain })
    const proposed = await own.value('quern_validator_proposed_views')
    expect(proposed).toBeGreaterThanOrEqual(0)
    expect(await own.value('quern_validator_missed_views')).toBeGreaterThanOrEqual(0)
    expect(await measured().value('quern_validator_missed_views')).toBeUndefined()
  })

  it('keep nodes of one process apart', async () => {
    const [first, second] = [measured(), measured()]
    first.chain.mine()
    expect([await first.value('quern_height'), await second.value('quern_height')]).toEqual([13, 12])
  })
})
