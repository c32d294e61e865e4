import { describe, expect, it } from 'vitest'
import { progressLine } from './progress.ts'

describe('the line of a long command', () => {
  it('says how much is done, how quickly, and how long it still takes', () => {
    expect(progressLine('blocks', 250, 1_000, 5_000, 'blocks')).toBe(
      'blocks     [#####---------------]  25 %  250 of 1000 blocks, 50/s  15 s left',
    )
    expect(progressLine('values', 1, 4, 60_000)).toMatch(/25 % {2}3 min 0 s left$/)
    expect(progressLine('values', 1, 1_000, 60_000)).toMatch(/ 0 % {2}16 h 39 min left$/)
  })

  it('has neither a rate nor an end where nothing is there to count', () => {
    expect(progressLine('reading', 4_096, undefined, 2_000, 'keys')).toBe('reading    4096 keys, 2048/s')
    expect(progressLine('blocks', 0, 0, 0)).toBe('blocks     [####################] 100 %')
    expect(progressLine('blocks', 0, 10, 0)).toBe('blocks     [--------------------]   0 %')
  })
})
