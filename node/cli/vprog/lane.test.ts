import { beforeAll, describe, expect, it } from 'vitest'
import { hexKey, toHex, ZERO_HASH } from '../../../core/bytes.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { callMethod } from '../../rpc/fixture.ts'
import { chain_getHeader } from '../../rpc/methods/chain_getHeader.ts'
import { vprog_getLane } from '../../rpc/methods/vprog_getLane.ts'
import { vprog_getTwoAnchorProof } from '../../rpc/methods/vprog_getTwoAnchorProof.ts'
import { laneOf, VprogFixture, WINDOW } from '../../rpc/vprog/fixture.ts'
import type { TwoAnchorJson } from '../../rpc/vprog/standing-json.ts'
import type { RpcClient } from '../rpc-client.ts'
import { anchorAt, laneTipOf, lifeOf } from './lane.ts'

interface Part {
  to: { seq_commit: string }
  proof: TwoAnchorJson
  next: number | null
}

const LANE = laneOf(1)
let own: VprogFixture

/** A node that may lie about the lane. */
function client(lie: (part: Part) => Part = (part) => part): RpcClient {
  const methods = { chain_getHeader, vprog_getLane, vprog_getTwoAnchorProof }
  const call = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    const answer = await callMethod(
      own.context,
      methods[method as keyof typeof methods] as typeof vprog_getLane,
      params,
    )
    return method === 'vprog_getTwoAnchorProof' ? lie(answer as unknown as Part) : answer
  }
  return { call } as RpcClient
}

const life = async (node: RpcClient, tip = ZERO_HASH) => {
  const anchors = { from: await anchorAt(node, 1), to: await anchorAt(node, 'latest') }
  return lifeOf(node, LANE, tip, anchors)
}
const codeOf = async (lie: (part: Part) => Part): Promise<string> =>
  life(client(lie)).then(
    () => 'believed',
    (error: { code: string }) => error.code,
  )

describe("a lane's life", () => {
  const sent: string[] = []

  beforeAll(() => {
    own = new VprogFixture()
    own.idle(1)
    for (const idle of [0, 1, WINDOW + 2, 0]) {
      own.idle(idle)
      const message = own.message(1)
      own.mine(message, own.message(2, 1))
      sent.push(hexKey(message.txId))
    }
  })

  it('is all that happened, up to the tip that the chain has', async () => {
    const { tip, activity } = await life(client())
    expect(activity.map(({ txId }) => hexKey(txId))).toEqual(sent)
    expect(tip).toEqual(await laneTipOf(client(), laneKey(LANE)))
  })

  it('goes on from the tip that is known where the lane is silent', async () => {
    const tip = new Uint8Array(32).fill(3)
    const anchors = { from: await anchorAt(client(), 1), to: await anchorAt(client(), 2) }
    const silent = await lifeOf(client(), laneOf(9), tip, anchors)
    expect(silent).toEqual({ tip, activity: [] })
    expect(await laneTipOf(client(), laneKey(laneOf(9)))).toEqual(ZERO_HASH)
  })

  it('is not believed where the node leaves something out, or tells of something else', async () => {
    const proof = (change: (proof: TwoAnchorJson) => Partial<TwoAnchorJson>) => (part: Part) => ({
      ...part,
      proof: { ...part.proof, ...change(part.proof) },
    })
    expect(await codeOf((part) => part)).toBe('believed')
    expect(await codeOf(proof(({ steps }) => ({ steps: steps.slice(0, -1) })))).toBe('LANE_END')
    expect(await codeOf(proof(({ steps }) => ({ steps: steps.slice(1) })))).toBe('LANE_STEP')
    expect(await codeOf(proof(() => ({ lane_id: toHex(laneOf(2)) })))).toBe('LANE_START')
    expect(await codeOf((part) => ({ ...part, to: { ...part.to, seq_commit: `0x${'11'.repeat(32)}` } }))).toBe(
      'LANE_END',
    )
  })

  it('does not end at another block than the one asked for', async () => {
    const shorter = await client().call<Part>('vprog_getTwoAnchorProof', [toHex(LANE), 1, 3])
    expect(await codeOf(() => shorter)).toBe('LANE_END')
  })

  it('begins at the tip that the covenant holds', async () => {
    const anchors = { from: await anchorAt(client(), 3), to: await anchorAt(client(), 'latest') }
    await expect(lifeOf(client(), LANE, ZERO_HASH, anchors)).rejects.toMatchObject({ code: 'LANE_TIP_OTHER' })
  })
})
