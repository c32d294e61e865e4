import { describe, expect, test } from 'vitest'
import { RateMeter } from './rate-meter.ts'

describe('rate meter', () => {
  test('knows nothing before the first attempt', () => {
    const meter = new RateMeter()
    expect([meter.recent(5_000), meter.average()]).toEqual([0, 0])
  })

  test('shows the last seconds beside the average of all', () => {
    const meter = new RateMeter()
    // 1,000 MAC/s for 20 s, then 4,000 MAC/s for 20 s, in attempts of 100 ms.
    for (let i = 0; i < 200; i++) meter.add(100, i * 100, (i + 1) * 100)
    expect(meter.recent(20_000)).toBeCloseTo(1_000)
    for (let i = 200; i < 400; i++) meter.add(400, i * 100, (i + 1) * 100)
    expect(meter.recent(40_000)).toBeCloseTo(4_000)
    expect(meter.average()).toBeCloseTo(2_500)
  })

  test('counts an attempt longer than its window by its own duration', () => {
    const meter = new RateMeter()
    meter.add(60_000, 0, 30_000)
    expect(meter.recent(31_000)).toBeCloseTo(2_000)
    meter.add(90_000, 30_000, 60_000)
    expect(meter.recent(60_000)).toBeCloseTo(3_000)
  })

  test('pauses between attempts lower the rate, and silence ends it', () => {
    const meter = new RateMeter()
    for (let i = 0; i < 10; i++) meter.add(100, i * 1_000, i * 1_000 + 250)
    expect(meter.recent(9_300)).toBeCloseTo(1_000 / 9.25)
    expect(meter.recent(30_000)).toBe(0)
  })
})
