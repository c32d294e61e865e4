import { expect, test } from 'vitest'
import { transferTo } from '../testing/chain.ts'
import { BlockRoom } from './limits.ts'

test('gas is exact to the last unit', () => {
  const action = transferTo(new Uint8Array(20), 1n)
  const room = new BlockRoom({ gasLimit: 42_000, maxResultsPerBlock: 1 })
  for (let i = 0; i < 2; i++) {
    expect(room.lacks(action)).toBeUndefined()
    room.take(action)
  }
  expect(room.gasUsed).toBe(42_000)
  expect(room.lacks(action)).toBe('gas')
})
