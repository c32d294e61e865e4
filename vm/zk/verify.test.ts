import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { UNITS_PER_GRAM } from '../script/limits.ts'
import { operandUnits, tagUnits } from './cost.ts'
import { developmentKeyOf, signDevelopment } from './development.ts'
import type { ZkVerdict } from './errors.ts'
import { operandsHash, readOperands, ZK_TAG, type ZkOperands } from './operands.ts'
import { RecentMap } from './recent.ts'
import { toyGroth16 } from './testing/toy-groth16.ts'
import {
  cachedVerifier,
  type ProofVerifier,
  proofCache,
  proofVerifier,
  recordingVerifier,
  strictVerifier,
} from './verify.ts'

const SECRET = new Uint8Array(32).fill(3)
const IMAGE = new Uint8Array(32).fill(1)
const JOURNAL = new Uint8Array(32).fill(2)
const verifier = proofVerifier({ developmentKey: developmentKeyOf(SECRET) })
const codeOf = (verdict: ZkVerdict): string => (verdict.ok ? 'ok' : verdict.error.code)
/** As the opcode does, without its price. */
function run(tag: number, stack: readonly Uint8Array[], by: ProofVerifier = verifier): string {
  const read = readOperands(tag, stack)
  return codeOf(read.ok ? by.verify(read.value.operands) : read)
}

const toy = toyGroth16(3)
const { key, proof, inputs } = toy.prove([2n, 3n, 4n])
const RECEIPT: ZkOperands = {
  tag: ZK_TAG.succinct,
  ...{ claim: IMAGE, controlIndex: IMAGE, controlDigests: IMAGE, seal: IMAGE },
  ...{ journalDigest: JOURNAL, imageId: IMAGE, controlId: IMAGE, hashFunction: IMAGE },
}
const count = (...bytes: number[]) => Uint8Array.from(bytes)
const pushed = [...inputs.toReversed(), count(3), proof, key]

describe('operands', () => {
  it('are taken from the top of the stack, whatever lies below', () => {
    expect(run(ZK_TAG.groth16, pushed)).toBe('ok')
    expect(run(ZK_TAG.groth16, [IMAGE, ...pushed])).toBe('ok')
    const read = readOperands(ZK_TAG.groth16, [IMAGE, ...pushed])
    expect(read.ok && read.value).toEqual({ operands: { tag: ZK_TAG.groth16, key, proof, inputs }, taken: 6 })
    const receipt = Array.from({ length: 9 }, (_, i) => count(i))
    expect(readOperands(ZK_TAG.succinct, receipt)).toEqual({
      ok: true,
      value: {
        taken: 8,
        operands: {
          tag: ZK_TAG.succinct,
          claim: count(1),
          controlIndex: count(2),
          controlDigests: count(3),
          seal: count(4),
          journalDigest: count(5),
          imageId: count(6),
          controlId: count(7),
          hashFunction: count(8),
        },
      },
    })
  })

  it('that are missing, or miscounted, are refused', () => {
    for (const tag of [ZK_TAG.groth16, ZK_TAG.succinct, ZK_TAG.development])
      expect(run(tag, [])).toBe('ZK_OPERANDS_MISSING')
    expect(run(ZK_TAG.groth16, pushed.slice(1))).toBe('ZK_OPERANDS_MISSING')
    expect(run(ZK_TAG.groth16, [count(0xff, 0xff, 0xff, 0x7f), proof, key])).toBe('ZK_OPERANDS_MISSING')
    for (const bad of [count(0x81), count(0x00), count(3, 0), count(0x80), count(1, 2, 3, 4, 5)]) {
      expect(run(ZK_TAG.groth16, [...inputs.toReversed(), bad, proof, key])).toBe('ZK_INPUT_COUNT')
    }
    expect(run(ZK_TAG.groth16, [count(), proof, key])).toBe('ZK_ARITY')
    expect(run(0x22, pushed)).toBe('ZK_TAG_UNKNOWN')
  })

  it('that are longer than any proof wait for no verifier', () => {
    const code = (tag: number, stack: readonly Uint8Array[]): string => {
      const read = readOperands(tag, stack)
      return read.ok ? 'asked' : read.error.code
    }
    const items = (bytes: number, more: number) => [...Array<Uint8Array>(more).fill(count()), new Uint8Array(bytes)]
    for (const [tag, most, more] of [
      [ZK_TAG.groth16, 16 << 10, 2],
      [ZK_TAG.succinct, 512 << 10, 7],
      [ZK_TAG.development, 1 << 10, 2],
    ] as const) {
      expect(code(tag, items(most, more))).toBe('asked')
      expect(code(tag, items(most + 1, more))).toBe('ZK_OPERANDS_TOO_LONG')
    }
  })

  it('have a hash in which nothing can be moved', () => {
    const one: ZkOperands = { tag: ZK_TAG.groth16, key, proof, inputs }
    const hashes = [
      one,
      { ...one, key: proof, proof: key },
      { ...one, inputs: inputs.slice(1) },
      { ...one, inputs: inputs.toReversed() },
      { ...one, key: key.slice(0, -1), proof: Uint8Array.of(key.at(-1)!, ...proof) },
      { tag: ZK_TAG.development, signature: key, journalDigest: proof, imageId: inputs[0]! } as const,
    ].map((operands) => hexKey(operandsHash(operands)))
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})

describe('cost', () => {
  const gram = (operands: ZkOperands): number | string => {
    const units = operandUnits(operands)
    return units.ok ? (tagUnits(operands.tag)! + units.value) / UNITS_PER_GRAM : units.error.code
  }

  it('is that of the table', () => {
    const groth16 = (n: number): ZkOperands => ({ tag: ZK_TAG.groth16, ...toyGroth16(n).prove(Array(n).fill(1n)) })
    expect([1, 5].map((n) => gram(groth16(n)))).toEqual([145_000, 155_000])
    const none = new Uint8Array(0)
    const receipt = { claim: none, controlIndex: none, controlDigests: none, seal: none, journalDigest: none }
    const succinct = { tag: ZK_TAG.succinct, ...receipt, imageId: none, controlId: none, hashFunction: none } as const
    expect(gram(succinct)).toBe(250_000)
    expect(tagUnits(0x22)).toBeUndefined()
  })

  it('asks for the right arity before it charges for the points', () => {
    expect(gram({ tag: ZK_TAG.groth16, key, proof, inputs: [] })).toBe('ZK_ARITY')
    expect(gram({ tag: ZK_TAG.groth16, key: key.slice(0, 10), proof, inputs })).toBe('ZK_KEY_TRUNCATED')
  })
})

describe('the development variant', () => {
  const signature = signDevelopment(IMAGE, JOURNAL, SECRET)

  it('holds for the journal that was signed', () => {
    expect(run(ZK_TAG.development, [signature, JOURNAL, IMAGE])).toBe('ok')
    expect(run(ZK_TAG.development, [signature, IMAGE, JOURNAL])).toBe('ZK_PROOF_FALSE')
    const other = signDevelopment(IMAGE, JOURNAL, new Uint8Array(32).fill(4))
    expect(run(ZK_TAG.development, [other, JOURNAL, IMAGE])).toBe('ZK_PROOF_FALSE')
  })

  it('is refused by any other chain, and when it is malformed', () => {
    expect(run(ZK_TAG.development, [signature, JOURNAL, IMAGE], proofVerifier())).toBe('ZK_TAG_FORBIDDEN')
    expect(run(ZK_TAG.development, [signature.slice(1), JOURNAL, IMAGE])).toBe('ZK_SIGNATURE_LENGTH')
    expect(run(ZK_TAG.development, [signature, JOURNAL.slice(1), IMAGE])).toBe('ZK_DIGEST_LENGTH')
    expect(run(ZK_TAG.development, [new Uint8Array(64).fill(255), JOURNAL, IMAGE])).toBe('ZK_PROOF_FALSE')
  })
})

it('receipts are refused by name where there is no circuit', () => {
  expect(run(ZK_TAG.succinct, Array(8).fill(IMAGE))).toBe('ZK_CIRCUIT_MISSING')
})

it('any tag on any stack is a typed verdict', () => {
  const item = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(key, proof, count(0), count(1), ...inputs))
  fc.assert(
    fc.property(fc.constantFrom(0x20, 0x21, 0xdf, 0x00), fc.array(item, { maxLength: 10 }), (tag, stack) => {
      expect(run(tag, stack)).toMatch(/^ZK_/)
    }),
    { numRuns: 300 },
  )
})

describe('verdicts', () => {
  const good: ZkOperands = { tag: ZK_TAG.groth16, key, proof, inputs }
  const bad: ZkOperands = { ...good, inputs: inputs.toReversed() }

  it('are remembered, good and bad', () => {
    const asked: ZkOperands[] = []
    const counting: ProofVerifier = {
      verify: (operands) => {
        asked.push(operands)
        return verifier.verify(operands)
      },
      verifyAll: (operands) => {
        asked.push(...operands)
        return verifier.verifyAll(operands)
      },
    }
    const cached = cachedVerifier(counting, proofCache())
    expect([good, bad, good, bad].map((one) => codeOf(cached.verify(one)))).toEqual([
      'ok',
      'ZK_PROOF_FALSE',
      'ok',
      'ZK_PROOF_FALSE',
    ])
    expect(asked).toEqual([good, bad])
    const dev: ZkOperands = { tag: ZK_TAG.development, signature: proof, journalDigest: JOURNAL, imageId: IMAGE }
    expect(cached.verifyAll([bad, dev, good]).map(codeOf)).toEqual(['ZK_PROOF_FALSE', 'ZK_SIGNATURE_LENGTH', 'ok'])
    expect(asked).toEqual([good, bad, dev])
  })

  it('about this node are not remembered as being about the proof', () => {
    const cache = proofCache()
    const withCircuit = proofVerifier({ succinct: () => {} })
    expect(codeOf(cachedVerifier(verifier, cache).verify(RECEIPT))).toBe('ZK_CIRCUIT_MISSING')
    expect(codeOf(cachedVerifier(withCircuit, cache).verify(RECEIPT))).toBe('ok')
  })

  it('about this node end an execution, those about the proof do not', () => {
    const strict = strictVerifier(proofVerifier())
    expect(() => strict.verify(RECEIPT)).toThrow(expect.objectContaining({ code: 'ZK_CIRCUIT_MISSING' }))
    expect(() => strict.verifyAll([good, RECEIPT])).toThrow(expect.objectContaining({ code: 'ZK_CIRCUIT_MISSING' }))
    const dev: ZkOperands = { tag: ZK_TAG.development, signature: proof, journalDigest: JOURNAL, imageId: IMAGE }
    expect([good, bad, dev].map((one) => codeOf(strict.verify(one)))).toEqual([
      'ok',
      'ZK_PROOF_FALSE',
      'ZK_TAG_FORBIDDEN',
    ])
  })

  it('are forgotten, the oldest first, when there are too many', () => {
    const map = new RecentMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2])
  })

  it('of all at once are those of each', () => {
    const mixed: ZkOperands[] = [
      good,
      { tag: ZK_TAG.development, signature: proof, journalDigest: JOURNAL, imageId: IMAGE },
      bad,
      good,
    ]
    expect(verifier.verifyAll(mixed).map(codeOf)).toEqual(mixed.map((one) => codeOf(verifier.verify(one))))
  })
})

it('a dry run believes what nobody knows yet, and keeps it, within bounds', () => {
  const recorded: ZkOperands[] = []
  const dry = recordingVerifier(recorded)
  for (let i = 0; i < 600; i++) expect(run(ZK_TAG.groth16, [...pushed.slice(0, -1), IMAGE], dry)).toBe('ok')
  expect(recorded).toHaveLength(512)
  expect(recorded[0]).toMatchObject({ key: IMAGE, proof })
  const asked: ZkOperands[] = []
  const knowing = recordingVerifier(asked, (one) => (one.tag === ZK_TAG.groth16 ? verifier.verify(one) : undefined))
  expect(run(ZK_TAG.groth16, [...pushed.slice(0, -1), IMAGE], knowing)).toBe('ZK_KEY_TRUNCATED')
  expect(run(ZK_TAG.groth16, pushed, knowing)).toBe('ok')
  expect(run(ZK_TAG.development, [proof, JOURNAL, IMAGE], knowing)).toBe('ok')
  expect(asked.map(({ tag }) => tag)).toEqual([ZK_TAG.development])
})
