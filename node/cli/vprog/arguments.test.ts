import { describe, expect, it } from 'vitest'
import { MAX_GRAINS } from '../../../vm/covenant/types.ts'
import { cpcOfGrains, describeScript, exitOf, grainsOf, hash32, laneIdOf, outpointOf } from './arguments.ts'

const own = new Uint8Array(32).fill(9)
const invalid = expect.objectContaining({ code: 'ARGUMENT_INVALID' })

describe('amounts', () => {
  it('are whole grains', () => {
    expect(grainsOf('2.00000001', 'x')).toBe(200_000_001n)
    expect(cpcOfGrains(200_000_001n)).toBe('2.00000001 CPC')
    expect(() => grainsOf('0.000000001', 'x')).toThrow(invalid)
    expect(() => grainsOf('0', 'x')).toThrow(invalid)
    expect(() => grainsOf(String(MAX_GRAINS), 'x')).toThrow(invalid)
    expect(() => grainsOf('-1', 'x')).toThrow(expect.objectContaining({ code: 'AMOUNT_INVALID' }))
  })
})

describe('exits', () => {
  it.each([
    ['own:1', `key 0x${'09'.repeat(32)}`],
    [`0x${'11'.repeat(32)}:1`, `key 0x${'11'.repeat(32)}`],
    [`0x02${'11'.repeat(32)}:1`, `ECDSA key 0x02${'11'.repeat(32)}`],
    [`script:0x${'11'.repeat(32)}:1`, `script 0x${'11'.repeat(32)}`],
  ])('go to keys and scripts: %s', (text, holder) => {
    const exit = exitOf(text, own)
    expect([describeScript(exit.script), exit.amount]).toEqual([holder, 100_000_000n])
  })

  it('go to no account, whose key its address does not tell', () => {
    expect(() => exitOf(`0x${'11'.repeat(20)}:1`, own)).toThrow(/quern vprog key/)
    expect(() => exitOf('cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr:1', own)).toThrow(/quern vprog key/)
  })

  it.each(['own', 'own:', `0x${'11'.repeat(31)}:1`, 'nobody:1'])('are refused where they are malformed: %s', (text) => {
    expect(() => exitOf(text, own)).toThrow()
  })
})

describe('lanes, hashes and outputs', () => {
  it('are read in full', () => {
    expect(laneIdOf('0x51554552')).toHaveLength(20)
    expect(laneIdOf(`51554552${'00'.repeat(16)}`)).toEqual(laneIdOf('0x51554552'))
    expect(hash32('AB'.repeat(32), 'x')).toEqual(new Uint8Array(32).fill(0xab))
    expect(outpointOf(`0x${'01'.repeat(32)}:7`)).toEqual({ txId: new Uint8Array(32).fill(1), index: 7 })
  })

  it.each([
    () => laneIdOf('0x01000000'),
    () => laneIdOf(`0x51554552${'01'.repeat(16)}`),
    () => hash32('0x12', 'x'),
    () => outpointOf(`0x${'01'.repeat(32)}`),
    () => outpointOf('7'),
  ])('are refused where they are not what they should be (%#)', (read) => {
    expect(read).toThrow(invalid)
  })
})
