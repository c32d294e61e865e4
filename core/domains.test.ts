import { describe, expect, it } from 'vitest'
import { fromUtf8, hexKey } from './bytes.ts'
import { DOMAIN_BYTES, DOMAINS } from './domains.ts'

const names = Object.keys(DOMAINS) as (keyof typeof DOMAINS)[]

describe('domain table', () => {
  it('has no two equal strings, and none that another begins with', () => {
    const all = names.map((name) => hexKey(DOMAIN_BYTES[name]))
    for (const [i, one] of all.entries()) {
      for (const [j, other] of all.entries()) {
        if (i !== j) expect(other.startsWith(one), `${names[i]} begins ${names[j]}`).toBe(false)
      }
    }
  })

  it('spells every string the same way and ends its bytes with NUL', () => {
    for (const name of names) {
      expect(DOMAINS[name]).toMatch(/^quern\/[a-z]+(\/[A-Za-z0-9]+)*\/[1-9][0-9]*$/)
      expect(fromUtf8(DOMAIN_BYTES[name])).toBe(`${DOMAINS[name]}\0`)
    }
    expect(Object.keys(DOMAIN_BYTES)).toEqual(names)
  })
})
