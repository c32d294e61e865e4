import { expect, it } from 'vitest'
import { editDistance, nearestName } from './near-miss.ts'

it('counts insertions, deletions and replacements', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('abc', 'abc')).toBe(0)
})

it('finds the nearest name, if any is near', () => {
  const names = ['eth_getBalance', 'eth_chainId', 'eth_gasPrice']
  expect(nearestName('eth_getBallance', names)).toBe('eth_getBalance')
  expect(nearestName('ETH_CHAINID', names)).toBe('eth_chainId')
  expect(nearestName('debug_traceTransaction', names)).toBeUndefined()
  expect(nearestName('x'.repeat(1_000_000), names)).toBeUndefined()
})
