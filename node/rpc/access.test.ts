import { describe, expect, it } from 'vitest'
import { refusal } from './access.ts'

const allowed = (host: string | undefined, rules: Partial<Parameters<typeof refusal>[1]> = {}, origin?: string) =>
  refusal({ host, origin }, { allowedHosts: [], origins: '*', ...rules }) === undefined

describe('the Host check', () => {
  it('lets in loopback names, addresses and allowed names', () => {
    for (const host of [
      'localhost',
      'localhost:8545',
      '127.0.0.1:8545',
      '[::1]:8545',
      'LOCALHOST:1',
      '10.0.0.7:8545',
    ]) {
      expect([host, allowed(host)]).toEqual([host, true])
    }
    expect(allowed('node.example:8545', { allowedHosts: ['node.example'] })).toBe(true)
  })

  it('keeps out every other name', () => {
    const names = [
      'evil.example',
      'localhost.evil.example',
      'node.example:8545',
      '',
      'a@localhost',
      'localhost:8545:1',
      undefined,
    ]
    for (const host of names) expect([host, allowed(host)]).toEqual([host, false])
  })
})

describe('the Origin check', () => {
  it('lets in pages only where CORS does, and never asks programs', () => {
    const page = 'https://wallet.example'
    expect(allowed('localhost', { origins: [] })).toBe(true)
    expect(allowed('localhost', { origins: '*' }, page)).toBe(true)
    expect(allowed('localhost', { origins: [page] }, page)).toBe(true)
    expect(allowed('localhost', { origins: [] }, page)).toBe(false)
    expect(allowed('localhost', { origins: [page] }, 'https://evil.example')).toBe(false)
    expect(allowed('localhost', { origins: [] }, 'null')).toBe(false)
    expect(allowed('localhost:8545', { origins: [] }, 'http://localhost:8545')).toBe(true)
  })
})
