import { describe, expect, it } from 'vitest'
import { verifyEdges } from './edges.ts'
import { LIGHT_PARAMS, LightChain } from './fixture.ts'
import { checkHorizon, trustCheckpoint, unbondingMs } from './trust.ts'

const light = new LightChain(2 * LIGHT_PARAMS.epochBlocks + 3)
const { anchors, rules, edges, trusted } = light

const from = (at: number, wanted = at) => {
  const anchor = anchors[at]!
  const { height } = anchors[wanted]!.header
  return trustCheckpoint({ height, hash: wanted === 0 ? trusted.hash : light.block(wanted).hash }, anchor, rules)
}

describe('a checkpoint', () => {
  it('is trusted with the set of the next height, inside an epoch and at its end', () => {
    for (const height of [0, 3, 8, 11, 16, 19]) {
      const answer = from(height)
      if (!answer.ok) throw new Error(answer.error.code)
      expect(answer.value.set.epoch).toBe(Math.floor(height / LIGHT_PARAMS.epochBlocks))
      const reached = verifyEdges(answer.value, edges.slice(answer.value.set.epoch), rules)
      if (!reached.ok) throw new Error(reached.error.code)
      expect(reached.value.header.height).toBe(Math.max(height, 16))
    }
  })

  it('is refused with another header than that of its hash', () => {
    expect(from(3, 4)).toMatchObject({ ok: false, error: { code: 'CHECKPOINT_MISMATCH' } })
    const { header } = anchors[3]!
    const forged = { ...anchors[3]!, header: { ...header, stateRoot: anchors[2]!.header.stateRoot } }
    const answer = trustCheckpoint({ height: 3, hash: light.block(3).hash }, forged, rules)
    expect(answer).toMatchObject({ ok: false, error: { code: 'CHECKPOINT_MISMATCH' } })
  })

  it('is refused with a set that its state does not have', () => {
    const { set, proof } = anchors[8]!
    const checkpoint = { height: 3, hash: light.block(3).hash }
    for (const forged of [{ set }, { proof }, { set, proof }]) {
      const answer = trustCheckpoint(checkpoint, { ...anchors[3]!, ...forged }, rules)
      expect(answer).toMatchObject({ ok: false, error: { code: 'EDGE_SET' } })
    }
  })
})

describe('what was trusted last', () => {
  const newest = { header: light.block(19).header }
  const { timestampMs } = trusted.header
  const limitMs = unbondingMs(LIGHT_PARAMS) / 2

  it('is good for half the unbonding time, by the clock', () => {
    expect(unbondingMs(LIGHT_PARAMS)).toBe(4 * 8 * 20)
    expect(checkHorizon(trusted, trusted, timestampMs + limitMs, LIGHT_PARAMS)).toBeUndefined()
    expect(checkHorizon(trusted, trusted, timestampMs + limitMs + 1, LIGHT_PARAMS)).toMatchObject({
      code: 'CHECKPOINT_NEEDED',
      meta: { height: 0, ageMs: limitMs + 1, limitMs },
    })
  })

  it('is no longer good once a header says so, whatever the clock says', () => {
    expect(checkHorizon(trusted, newest, timestampMs, LIGHT_PARAMS)?.code).toBe('CHECKPOINT_NEEDED')
    expect(checkHorizon({ header: light.block(16).header }, newest, timestampMs, LIGHT_PARAMS)).toBeUndefined()
  })
})
