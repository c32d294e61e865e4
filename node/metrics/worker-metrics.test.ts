import { afterEach, describe, expect, it } from 'vitest'
import { WEI_PER_CPC } from '../../core/units.ts'
import type { ChainFacts } from '../../gpu/facts.ts'
import { TEST_FACTS } from '../../gpu/facts-fixture.ts'
import type { WorkerStats } from '../../gpu/worker-events.ts'
import { listenMetrics, type MetricsListener } from '../cli/worker/metrics-listener.ts'
import { WorkerMetrics } from './worker-metrics.ts'

const found = { seedHeight: 1, matrixSize: 256, attempt: 0, tile: 0 }
const transaction = new Uint8Array(32)
const device = (name: string, macs: number) => ({
  name,
  matrixSize: 256,
  attempts: macs / 256 ** 3,
  macs,
  macsPerSecond: macs / 10,
  averageMacsPerSecond: 0,
  failed: undefined,
})
const stats: WorkerStats = {
  attempts: 0,
  macs: 0,
  macsPerSecond: 0,
  averageMacsPerSecond: 8e9,
  found: 0,
  submitted: 0,
  accepted: 0,
  rejected: 0,
  late: 0,
  rejectedBy: {},
  lateBy: {},
  pending: 2,
  queued: 1,
  devices: [device('wasm', 256 ** 3), device('webgpu', 2 * 256 ** 3)],
}
const facts: ChainFacts = {
  ...TEST_FACTS,
  balanceWei: 7n * WEI_PER_CPC,
  paidWei: 50n * WEI_PER_CPC,
  epochWorkMacs: 1n,
  epoch: { ...TEST_FACTS.epoch, workMacs: 4n, results: 4 },
}

function measured(known: ChainFacts | undefined) {
  const baseline = { paidWei: 40n * WEI_PER_CPC, accruingWei: 0n }
  const metrics = new WorkerMetrics({ stats: () => stats, facts: () => known, baseline: () => baseline }, '1.2.3')
  /** Of a line, by its name and labels. */
  const value = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((text) => text.startsWith(`quern_worker_${name} `))
    return line === undefined ? undefined : Number(line.split(' ').at(-1))
  }
  return { metrics, value }
}

let listener: MetricsListener | undefined
afterEach(async () => {
  await listener?.close()
  listener = undefined
})

describe('worker metrics', () => {
  it('count results by outcome and reason, and what nodes could not answer', async () => {
    const { metrics, value } = measured(facts)
    for (const type of ['submitted', 'accepted'] as const) metrics.onEvent({ type, found, transaction })
    metrics.onEvent({ type: 'rejected', found, tag: 'RESULT_ALREADY_CLAIMED' })
    metrics.onEvent({ type: 'late', found, reason: 'WINDOW_PASSED' })
    metrics.onEvent({ type: 'trouble', tag: 'RPC_UNREACHABLE', message: '', retryMs: 250 })
    metrics.onEvent({ type: 'switched', url: '', tag: '' })
    expect(await value('results_total{outcome="accepted",reason=""}')).toBe(1)
    expect(await value('results_total{outcome="rejected",reason="RESULT_ALREADY_CLAIMED"}')).toBe(1)
    expect(await value('results_total{outcome="late",reason="WINDOW_PASSED"}')).toBe(1)
    expect(await value('rpc_errors_total{code="RPC_UNREACHABLE"}')).toBe(1)
    expect(await value('rpc_switches_total')).toBe(1)
    expect(await value('results_waiting{status="pending"}')).toBe(2)
  })

  it('bound the reasons that a node can make up', async () => {
    const { metrics } = measured(facts)
    for (let i = 0; i < 200; i++) metrics.onEvent({ type: 'rejected', found, tag: `MADE_UP_${i}` })
    const lines = (await metrics.text()).split('\n').filter((line) => line.includes('outcome="rejected"'))
    expect(lines.length).toBe(65)
    expect(lines.at(-1)).toBe('quern_worker_results_total{outcome="rejected",reason="OTHER"} 136')
  })

  it('give work by device, however often they are read', async () => {
    const { value } = measured(facts)
    for (let i = 0; i < 2; i++) {
      expect(await value('attempts_total{device="wasm",index="0"}')).toBe(1)
      expect(await value('macs_total{device="webgpu",index="1"}')).toBe(2 * 256 ** 3)
      expect(await value('macs_per_second{device="webgpu",index="1"}')).toBeCloseTo((2 * 256 ** 3) / 10)
    }
  })

  it('give earnings where the chain has answered, and no number where it has not', async () => {
    const { value } = measured(facts)
    // Paid since, and a quarter of the open epoch's pool.
    expect(await value('earned_cpc')).toBe(10 + 30)
    expect([await value('paid_cpc'), await value('balance_cpc'), await value('epoch_work_share')]).toEqual([
      50, 7, 0.25,
    ])
    expect(await value('expected_cpc_per_hour')).toBeCloseTo((240 * 180) / 2)
    expect(await value('rpc_latency_seconds')).toBe(0.005)
    expect(await measured(undefined).value('earned_cpc')).toBeNaN()
  })
})

describe('metrics listener', () => {
  it('answers this machine, on that path alone', async () => {
    const { metrics } = measured(facts)
    listener = await listenMetrics(metrics, 0)
    const answer = await fetch(listener.url)
    expect(answer.headers.get('content-type')).toBe(metrics.contentType)
    expect(await answer.text()).toContain('quern_worker_info{version="1.2.3"} 1')
    expect((await fetch(listener.url.replace('/metrics', '/'))).status).toBe(404)
    expect((await fetch(listener.url, { method: 'POST' })).status).toBe(404)
    expect(listener.url).toContain('http://127.0.0.1:')
  })

  it('says what to do about a port that is taken', async () => {
    const { metrics } = measured(facts)
    listener = await listenMetrics(metrics, 0)
    const port = Number(new URL(listener.url).port)
    await expect(listenMetrics(metrics, port)).rejects.toMatchObject({ code: 'METRICS_LISTEN_FAILED' })
  })
})
