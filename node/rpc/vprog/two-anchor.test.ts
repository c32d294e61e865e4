import { expect, it } from 'vitest'
import { hexKey } from '../../../core/bytes.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { verifyTwoAnchor } from '../../../vm/lanes/two-anchor.ts'
import { laneOf, VprogFixture } from './fixture.ts'
import { PART_LIMITS, twoAnchorPart } from './two-anchor.ts'

const WINDOW = 4
const LANE = { id: laneOf(1), key: laneKey(laneOf(1)) }

/** Part after part, each verified: where they end, and what they tell. */
async function inParts({ chain }: VprogFixture, over: { steps?: number; activity?: number; windows?: number }) {
  const limits = { ...PART_LIMITS, ...over }
  const top = chain.blockByHeight(chain.latest().height)!
  const ends: number[] = []
  const ids: string[] = []
  let from = chain.blockByHeight(1)!
  while (from.block.header.height < top.block.header.height) {
    const { proof, to } = await twoAnchorPart(chain, LANE, from, top, limits)
    expect(proof.steps.length).toBeLessThanOrEqual(limits.steps)
    const told = verifyTwoAnchor(from.block.header.seqCommit, to.block.header.seqCommit, proof, WINDOW)
    if (!told.ok) throw new Error(told.error.message)
    ids.push(...told.value.map(({ txId }) => hexKey(txId)))
    ends.push(to.block.header.height)
    from = to
  }
  return { ends, ids }
}

it('a part ends after so many blocks with activity, transactions, or windows', async () => {
  const own = new VprogFixture({ laneWindowBlocks: WINDOW })
  own.idle(1)
  const sent: string[] = []
  for (let i = 0; i < 7; i++) {
    const messages = Array.from({ length: i === 3 ? 3 : 1 }, (_, ahead) => own.message(1, 0, ahead))
    own.mine(...messages)
    sent.push(...messages.map(({ txId }) => hexKey(txId)))
  }
  own.idle(22)
  const top = own.chain.latest().height
  expect(await inParts(own, {})).toEqual({ ends: [top], ids: sent })
  expect(await inParts(own, { steps: 3 })).toEqual({ ends: [4, 7, top], ids: sent })
  expect(await inParts(own, { activity: 4 })).toEqual({ ends: [5, top], ids: sent })
  expect(await inParts(own, { windows: 3 })).toEqual({ ends: [13, 25, top], ids: sent })
})
