import { describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { decodeRlp, encodeRlp } from '../../core/rlp.ts'
import { epochSets } from '../../vm/state/tables.ts'
import { headerHash } from '../header.ts'
import { decodeEdge, type EpochEdge, encodeEdge, verifyEdges, verifyFinal } from './edges.ts'
import { LIGHT_PARAMS, LightChain } from './fixture.ts'
import type { TrustedHeader } from './trust.ts'

const light = new LightChain(4 * LIGHT_PARAMS.epochBlocks + 3)
const { edges, trusted, rules, finals } = light

/** Why a chain of edges is refused. */
const refusal = (forged: readonly EpochEdge[], from: TrustedHeader = trusted) => {
  const answer = verifyEdges(from, forged, rules)
  return answer.ok ? 'accepted' : answer.error.code
}
const replaced = (at: number, change: Partial<EpochEdge>) =>
  edges.map((edge, i) => (i === at ? { ...edge, ...change } : edge))

describe('edges', () => {
  it('lead from genesis to the newest whole epoch and the set after it', () => {
    const answer = verifyEdges(trusted, edges, rules)
    if (!answer.ok) throw new Error(answer.error.code)
    const { header, hash, set } = answer.value
    expect(header.height).toBe(4 * LIGHT_PARAMS.epochBlocks)
    expect(hexKey(hash)).toBe(hexKey(light.block(header.height).hash))
    expect(set).toMatchObject({ epoch: 4 })
    expect(set.members).toHaveLength(4)
    expect(trusted.set.members).toHaveLength(5)
  })

  it('may come in parts, and none at all leads nowhere else', () => {
    const first = verifyEdges(trusted, edges.slice(0, 2), rules)
    if (!first.ok) throw new Error(first.error.code)
    expect(verifyEdges(first.value, edges.slice(2), rules)).toEqual(verifyEdges(trusted, edges, rules))
    expect(verifyEdges(trusted, [], rules)).toEqual({ ok: true, value: trusted })
  })

  it('may be final in a later view than their own', () => {
    const last = edges.at(-1)!
    const { view, height } = last.header
    const block = light.block(height)
    // Signed by the set of the epoch that ended, which the newest state still knows.
    const finalization = light.finalize(block, undefined, view + 3)
    expect(refusal([...edges.slice(0, -1), { ...last, finalization }])).toBe('accepted')
  })

  it('cannot leave out an epoch, repeat one, or begin elsewhere', () => {
    expect(refusal([edges[0]!, edges[2]!])).toBe('EDGE_MISSING')
    expect(refusal(edges.slice(1))).toBe('EDGE_MISSING')
    expect(refusal([edges[0]!, edges[0]!])).toBe('EDGE_HEADER')
    expect(refusal([{ ...edges[0]!, ...finals[4]! }])).toBe('EDGE_HEADER')
  })

  it('are refused with another header under the certificate', () => {
    for (const change of [
      { timestampMs: edges[1]!.header.timestampMs + 1 },
      { stateRoot: new Uint8Array(32).fill(1) },
      { extraData: Uint8Array.of(1) },
    ]) {
      expect(refusal(replaced(1, { header: { ...edges[1]!.header, ...change } }))).toBe('EDGE_CERTIFICATE')
    }
    for (const change of [{ timestampMs: 0 }, { epoch: 2 }, { chainId: 1 }, { validatorsHash: new Uint8Array(32) }]) {
      expect(refusal(replaced(1, { header: { ...edges[1]!.header, ...change } }))).toBe('EDGE_HEADER')
    }
    expect(refusal(replaced(1, { header: { ...edges[1]!.header, version: 2 } }))).toBe('BLOCK_VERSION')
  })

  it('are refused with a certificate of another kind, block, view, epoch or with too few signers', () => {
    const { finalization, header } = edges[1]!
    const blockHash = headerHash(edges[0]!.header)
    expect(refusal(replaced(1, { finalization: { ...finalization, kind: 'notarize' } }))).toBe('EDGE_CERTIFICATE')
    expect(refusal(replaced(1, { finalization: { ...finalization, blockHash } }))).toBe('EDGE_CERTIFICATE')
    expect(refusal(replaced(1, { finalization: { ...finalization, view: header.view - 1 } }))).toBe('EDGE_CERTIFICATE')
    expect(refusal(replaced(1, { finalization: { ...finalization, epoch: 0 } }))).toBe('CERTIFICATE_EPOCH')
    expect(refusal(replaced(1, { finalization: { ...finalization, view: header.view + 1 } }))).toBe(
      'CERTIFICATE_SIGNATURE',
    )
    const last = edges.length - 1
    const few = light.finalize(light.block(edges[last]!.header.height), 2)
    expect(refusal(replaced(last, { finalization: few }))).toBe('CERTIFICATE_QUORUM')
    const claimed = { ...few, signers: edges[last]!.finalization.signers }
    expect(refusal(replaced(last, { finalization: claimed }))).toBe('CERTIFICATE_SIGNATURE')
  })

  it('are refused with a set that is not under the stateRoot', () => {
    const mine = epochSets.decode(edges[1]!.set)
    const bribed = epochSets.encode({ ...mine, members: mine.members.slice(0, 1) })
    expect(refusal(replaced(1, { set: bribed }))).toBe('EDGE_SET')
    // Proved, but of another epoch.
    expect(refusal(replaced(1, { set: edges[0]!.set, proof: edges[0]!.proof }))).toBe('EDGE_SET')
    expect(refusal(replaced(1, { proof: new Uint8Array(0) }))).toBe('EDGE_SET')
    expect(refusal(replaced(1, { proof: edges[1]!.proof.slice(0, -1) }))).toBe('EDGE_SET')
  })

  it('are refused by another set than the one the header names', () => {
    const before = verifyEdges(trusted, edges.slice(0, 3), rules)
    if (!before.ok) throw new Error(before.error.code)
    const old = { ...before.value, set: { ...trusted.set, epoch: 3 } }
    expect(refusal([edges[3]!], old)).toBe('EDGE_HEADER')
  })

  it('travel as they are', () => {
    for (const edge of edges) expect(decodeEdge(decodeRlp(encodeRlp(encodeEdge(edge))))).toEqual(edge)
  })
})

describe('a final header of the epoch', () => {
  const reached = verifyEdges(trusted, edges, rules)
  if (!reached.ok) throw new Error(reached.error.code)
  const edge = reached.value
  const head = finals.at(-1)!
  const why = (final: typeof head, from = edge) => {
    const answer = verifyFinal(final, from, rules)
    return answer.ok ? 'accepted' : answer.error.code
  }

  it('is believed with its finalization, from any trusted header below it', () => {
    const answer = verifyFinal(head, edge, rules)
    expect(answer).toEqual({ ok: true, value: { ...edge, header: head.header, hash: headerHash(head.header) } })
    expect(why(finals.at(-2)!)).toBe('accepted')
    if (answer.ok) expect(why(finals.at(-2)!, answer.value)).toBe('EDGE_HEADER')
  })

  it('is refused in a later view, without a quorum, or past the end of the epoch', () => {
    const block = light.block(head.header.height)
    expect(why({ ...head, finalization: light.finalize(block, undefined, head.header.view + 1) })).toBe(
      'EDGE_CERTIFICATE',
    )
    expect(why({ ...head, finalization: light.finalize(block, 2) })).toBe('CERTIFICATE_QUORUM')
    expect(why(head, trusted)).toBe('EDGE_MISSING')
    expect(why(edges[3]!)).toBe('EDGE_SET')
  })
})
