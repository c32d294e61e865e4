import { describe, expect, it } from 'vitest'
import { describePace, SyncMeter } from './pace.ts'

describe('the pace of a sync', () => {
  it('is that of the time since it was last asked, and the time left that of all of it', () => {
    let nowMs = 5_000
    const meter = new SyncMeter(() => nowMs)
    expect(meter.pace(0, 100, 2)).toMatchObject({ blocksPerSecond: 0, secondsLeft: null })
    for (let i = 0; i < 10; i++) meter.count([new Uint8Array(100), new Uint8Array(150)])
    nowMs += 1_000
    expect(meter.pace(10, 100, 2)).toEqual({
      height: 10,
      of: 100,
      blocksPerSecond: 10,
      transactionsPerSecond: 20,
      bytesPerSecond: 2_500,
      peers: 2,
      secondsLeft: 9,
    })
    for (let i = 0; i < 30; i++) meter.count([])
    nowMs += 1_000
    expect(meter.pace(40, 100, 2)).toMatchObject({ blocksPerSecond: 30, transactionsPerSecond: 0, secondsLeft: 3 })
  })

  it('is one line', () => {
    const rates = { blocksPerSecond: 345.6, transactionsPerSecond: 12_345, bytesPerSecond: 2_460_000 }
    expect(describePace({ height: 1_500, of: 6_000, ...rates, peers: 4, secondsLeft: 75 })).toBe(
      'block 1,500 of 6,000 [#####---------------] 25 %, 346 blocks/s, 12,345 tx/s, 2.5 MB/s, 4 peers, 1 min 15 s left',
    )
  })
})
