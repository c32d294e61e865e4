import { describe, expect, it } from 'vitest'
import type { SignatureCheck } from '../../core/bls.ts'
import { u64be } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { ProvenSignatures, provenPrefix } from './proven-signatures.ts'

const scheme = standInScheme()
const secret = new Uint8Array(32).fill(1)
const key = scheme.publicKey(secret)
const check = (i: number, isGood = true): SignatureCheck => ({
  publicKeys: [key],
  message: u64be(i),
  signature: scheme.sign(secret, u64be(isGood ? i : i + 1)),
})

describe('proven signatures', () => {
  it('are those before the first that does not hold', () => {
    for (const bad of [0, 1, 5, 6, 8]) {
      const checks = Array.from({ length: 9 }, (_, i) => check(i, i !== bad))
      expect(provenPrefix(scheme, checks)).toBe(bad)
    }
    expect(provenPrefix(scheme, [check(0), check(1)])).toBe(2)
  })

  it('are not verified again, and any other is', async () => {
    let verified = 0
    const counted = {
      ...scheme,
      verify: (...args: Parameters<typeof scheme.verify>) => {
        verified++
        return scheme.verify(...args)
      },
    }
    const proven = new ProvenSignatures(counted)
    await proven.prove([check(0), check(1), check(2, false), check(3)])
    const verify = ({ publicKeys, message, signature }: SignatureCheck) =>
      proven.verify(publicKeys[0]!, message, signature)
    expect([verify(check(0)), verify(check(1)), verified]).toEqual([true, true, 0])
    expect([verify(check(2, false)), verify(check(3)), verified]).toEqual([false, true, 2])
    // What was proved stands for its own key and message alone.
    const stranger = scheme.publicKey(new Uint8Array(32).fill(2))
    expect(proven.verify(stranger, check(0).message, check(0).signature)).toBe(false)
    expect(proven.verify(key, u64be(9), check(0).signature)).toBe(false)
  })

  it('are proved once', async () => {
    const batches: number[] = []
    const proven = new ProvenSignatures(scheme, async (checks) => {
      batches.push(checks.length)
      return checks.length
    })
    await proven.prove([check(0), check(0), check(1)])
    await proven.prove([check(0), check(1), check(2)])
    await proven.prove([check(2)])
    expect(batches).toEqual([2, 1])
  })
})
