import { describe, expect, it } from 'vitest'
import { hexKey, utf8 } from '../core/bytes.ts'
import { proofOfPossessionBytes, type StatementType, statementBytes } from './statement.ts'

const HASH = new Uint8Array(32).fill(0xab)

describe('statements', () => {
  it('is domain, chain id, epoch, view and, where a block is named, its hash', () => {
    expect(hexKey(statementBytes('notarize', 26_180, 2, 3, HASH))).toBe(
      `${hexKey(utf8('quern/sign/notarize/1\0'))}000000000000664400000000000000020000000000000003${'ab'.repeat(32)}`,
    )
    expect(hexKey(statementBytes('nullify', 1, 2, 3, HASH))).toBe(
      `${hexKey(utf8('quern/sign/nullify/1\0'))}${'0000000000000001'}${'0000000000000002'}${'0000000000000003'}`,
    )
    expect(statementBytes('reveal', 1, 2, 3, HASH)).toHaveLength(utf8('quern/sign/reveal/1\0').length + 24)
  })

  it('differs between any two types, chains, epochs, views and blocks', () => {
    const types: StatementType[] = ['proposal', 'notarize', 'nullify', 'finalize', 'reveal']
    const all = types.map((type) => statementBytes(type, 1, 2, 3, HASH))
    all.push(statementBytes('notarize', 2, 2, 3, HASH), statementBytes('notarize', 1, 3, 3, HASH))
    all.push(statementBytes('notarize', 1, 2, 4, HASH), statementBytes('notarize', 1, 2, 3, new Uint8Array(32)))
    expect(new Set(all.map(hexKey)).size).toBe(all.length)
  })

  it('binds a proof of possession to chain, owner and key', () => {
    expect(hexKey(proofOfPossessionBytes(1, new Uint8Array(20).fill(2), new Uint8Array(48).fill(3)))).toBe(
      `${hexKey(utf8('quern/sign/pop/1\0'))}0000000000000001${'02'.repeat(20)}${'03'.repeat(48)}`,
    )
  })
})
