import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_getLogs } from './eth_getLogs.ts'

it('finds nothing, but checks what it is asked', async () => {
  const { context } = fixture()
  const topic = `0x${'ab'.repeat(32)}`
  const filter = { fromBlock: '0x0', toBlock: 'latest', address: [`0x${'11'.repeat(20)}`], topics: [null, [topic]] }
  expect(await callMethod(context, eth_getLogs, [filter])).toEqual([])
  expect(await callMethod(context, eth_getLogs, [{}])).toEqual([])
  const tag = (wrong: object) => refusalTag(context, eth_getLogs, [wrong])
  expect(await tag({ fromBlock: '0x5', toBlock: '0x4' })).toBe('INVALID_PARAMS')
  expect(await tag({ blockHash: topic, fromBlock: '0x1' })).toBe('INVALID_PARAMS')
  expect(await tag({ blockHash: topic })).toBe('BLOCK_UNKNOWN')
  expect(await tag({ topics: ['0x12'] })).toBe('INVALID_PARAMS')
})
