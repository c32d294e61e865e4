import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { accounts, workers } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import { testKey } from '../testing/chain.ts'
import { linkHeaders, sortedKeys, verifyResult, verifyState } from './answers.ts'
import { verifyEdges } from './edges.ts'
import { LIGHT_PARAMS, LightChain } from './fixture.ts'

const light = new LightChain(LIGHT_PARAMS.epochBlocks + 3)
const head = light.block(LIGHT_PARAMS.epochBlocks + 3)
const account = (i: number) => treeKeyOf(accounts, testKey(i).owner)
const absent = treeKeyOf(workers, testKey(0).owner)
const keys = sortedKeys([account(0), account(6), absent])

describe('records of the state', () => {
  const proof = light.prove(...keys)
  const code = (values: typeof proof.values, bytes = proof.proof, asked = keys) => {
    const answer = verifyState(head.header, asked, { values, proof: bytes })
    return answer.ok ? 'accepted' : answer.error.code
  }

  it('are believed under the stateRoot, and their absence', () => {
    const answer = verifyState(head.header, keys, proof)
    if (!answer.ok) throw new Error(answer.error.code)
    expect(answer.value[keys.indexOf(absent)]).toBeUndefined()
    const record = accounts.decode(answer.value[keys.findIndex((key) => hexKey(key) === hexKey(account(6)))]!)
    expect(record.nonce).toBe(1)
  })

  it('are refused when changed, left out, added, or under another root', () => {
    proof.values.forEach((value, i) => {
      const other = value === undefined ? Uint8Array.of(1) : undefined
      expect(code(proof.values.map((v, j) => (i === j ? other : v)))).toBe('STATE_UNPROVED')
      if (value !== undefined) {
        const changed = value.map((byte, at) => (at === value.length - 1 ? byte ^ 1 : byte))
        expect(code(proof.values.map((v, j) => (i === j ? changed : v)))).toBe('STATE_UNPROVED')
      }
    })
    expect(code(proof.values.slice(1))).toBe('STATE_UNPROVED')
    expect(code(proof.values, proof.proof, sortedKeys([account(0), account(1), absent]))).toBe('STATE_UNPROVED')
    const before = verifyState(light.block(5).header, keys, proof)
    expect(before).toMatchObject({ error: { code: 'STATE_UNPROVED' } })
  })

  it('are refused with any byte of the proof changed', () => {
    const place = fc.nat({ max: proof.proof.length - 1 })
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), (at, by) => {
        const forged = proof.proof.slice()
        forged[at] = forged[at]! ^ by
        expect(code(proof.values, forged)).toBe('STATE_UNPROVED')
      }),
      { numRuns: 200 },
    )
  })
})

describe('a result', () => {
  const { header } = light.block(3)
  const [proof] = light.results
  const code = (change: Partial<typeof proof>, under = header) => {
    const answer = verifyResult(under, { ...proof!, ...change }, LIGHT_PARAMS)
    return answer.ok ? 'accepted' : answer.error.code
  }

  it('is believed under the roots of its block', () => {
    const answer = verifyResult(header, proof!, LIGHT_PARAMS)
    if (!answer.ok) throw new Error(answer.error.code)
    expect(hexKey(answer.value.result.workerAddress)).toBe(hexKey(testKey(5).owner))
    expect(answer.value).toMatchObject({ seedHeight: 1, index: 0, challengeType: 'synthetic' })
  })

  it('is refused elsewhere, with another path, or where it is no result', () => {
    const [transfer] = light.block(3).transactions
    expect(code({ height: 4 })).toBe('RESULT_UNPROVED')
    expect(code({}, light.block(4).header)).toBe('RESULT_UNPROVED')
    expect(code({ envelope: transfer! })).toBe('RESULT_UNPROVED')
    expect(code({ envelope: new Uint8Array(3) })).toBe('RESULT_UNPROVED')
    expect(code({ resultIndex: 1 })).toBe('RESULT_UNPROVED')
    expect(code({ resultPath: [new Uint8Array(32)] })).toBe('RESULT_UNPROVED')
    expect(code({ index: 0 })).toBe('RESULT_UNPROVED')
  })
})

describe('headers above a trusted one', () => {
  const edge = verifyEdges(light.trusted, light.edges, light.rules)
  if (!edge.ok) throw new Error(edge.error.code)
  const lines = light.finals.slice(LIGHT_PARAMS.epochBlocks)

  it('are taken up to the newest finalization', () => {
    const open = lines.map((line, i) => (i === 1 ? line : { ...line, finalization: undefined }))
    const answer = linkHeaders(edge.value, open)
    if (!answer.ok) throw new Error(answer.error.code)
    expect(answer.value?.headers.map(({ header }) => header.height)).toEqual([9, 10])
    expect(answer.value?.final).toEqual(lines[1])
    expect(linkHeaders(edge.value, [])).toEqual({ ok: true, value: undefined })
  })

  it('are refused with a gap, or with a header that is not the parent', () => {
    const forged = lines.map((line, i) => (i === 0 ? { ...line, header: { ...line.header, gasUsed: 1 } } : line))
    for (const bad of [lines.slice(1), [lines[0]!, lines[2]!], forged]) {
      expect(linkHeaders(edge.value, bad)).toMatchObject({ ok: false, error: { code: 'HEADER_UNLINKED' } })
    }
  })
})
