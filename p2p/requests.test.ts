import { describe, expect, it } from 'vitest'
import { protocolNames } from './protocols.ts'
import { Requests, type RequestsOptions } from './requests.ts'
import { GENESIS } from './testing/nodes.ts'

function setup() {
  const penalties: string[] = []
  const requests = new Requests({
    names: protocolNames(GENESIS),
    networkDelayMs: 200,
    nowMs: () => 0,
    isReserved: () => false,
    wasPaused: () => false,
    penalize: (_: string, code: string) => penalties.push(code),
  } as unknown as RequestsOptions)
  return { requests, penalties }
}

describe('the hello of a new connection', () => {
  it('is heard, however often others say theirs again', () => {
    const { requests, penalties } = setup()
    for (let peer = 0; peer < 20; peer++) {
      for (let i = 0; i < 16; i++) requests.allow(`peer ${peer}`, 'status')
    }
    expect(requests.allow('newcomer', 'status')).toBe(false)
    expect(requests.allowFirst('newcomer')).toBe(true)
    expect(penalties).toEqual([])
  })

  it('counts for a peer that connects again and again', () => {
    const { requests, penalties } = setup()
    for (let i = 0; i < 16; i++) expect(requests.allowFirst('restless')).toBe(true)
    expect(requests.allowFirst('restless')).toBe(false)
    expect(penalties).toEqual(['REQUEST_RATE'])
  })
})
