import { describe, expect, it } from 'vitest'
import { hexKey, utf8 } from '../core/bytes.ts'
import { proofOfPossessionBytes, type StatementType, statementBytes } from './statement.ts'

const HASH = new Uint8Array(32).fill(0xab)
const CHAIN = new Uint8Array(32).fill(0xcd)
const OTHER_CHAIN = new Uint8Array(32).fill(0xce)

describe('statements', () => {
  it('is domain, genesis hash, epoch, view and, where a block is named, its hash', () => {
    expect(hexKey(statementBytes('notarize', CHAIN, 2, 3, HASH))).toBe(
      `${hexKey(utf8('quern/sign/notarize/1\0'))}${'cd'.repeat(32)}00000000000000020000000000000003${'ab'.repeat(32)}`,
    )
    expect(hexKey(statementBytes('nullify', CHAIN, 2, 3, HASH))).toBe(
      `${hexKey(utf8('quern/sign/nullify/1\0'))}${'cd'.repeat(32)}${'0000000000000002'}${'0000000000000003'}`,
    )
    expect(statementBytes('reveal', CHAIN, 2, 3, HASH)).toHaveLength(utf8('quern/sign/reveal/1\0').length + 48)
  })

  it('differs between any two types, chains, epochs, views and blocks', () => {
    const types: StatementType[] = ['proposal', 'notarize', 'nullify', 'finalize', 'reveal']
    const all = types.map((type) => statementBytes(type, CHAIN, 2, 3, HASH))
    all.push(statementBytes('notarize', OTHER_CHAIN, 2, 3, HASH), statementBytes('notarize', CHAIN, 3, 3, HASH))
    all.push(statementBytes('notarize', CHAIN, 2, 4, HASH), statementBytes('notarize', CHAIN, 2, 3, new Uint8Array(32)))
    expect(new Set(all.map(hexKey)).size).toBe(all.length)
  })

  it('binds a proof of possession to chain, owner and key', () => {
    expect(hexKey(proofOfPossessionBytes(1, new Uint8Array(20).fill(2), new Uint8Array(48).fill(3)))).toBe(
      `${hexKey(utf8('quern/sign/pop/1\0'))}0000000000000001${'02'.repeat(20)}${'03'.repeat(48)}`,
    )
  })
})
