import { expect, it } from 'vitest'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { commitmentOf, laneKey, laneLeaf } from '../../../vm/lanes/hashing.ts'
import { decodeLaneProof, rootOfLaneProof } from '../../../vm/lanes/proof.ts'
import { callMethod, fixture, overriding, refusalTag } from '../fixture.ts'
import { laneOf, VprogFixture, WINDOW } from '../vprog/fixture.ts'
import { vprog_getLaneProof } from './vprog_getLaneProof.ts'

interface Shown {
  height: number
  seq_commit: string
  tip: string | null
  blue_score: number | null
  proof: string
  parent_seq_commit: string
  inactivity_shortcut: string
  payload_and_context_digest: string
}

/** As a client of KIP-21 does it, with what the answer holds. */
function commitmentOfAnswer(shown: Shown, lane: number): string {
  const proof = decodeLaneProof(fromHex(shown.proof))
  if (!proof.ok) throw new Error(proof.error.message)
  const leaf = shown.tip === null ? undefined : laneLeaf(fromHex(shown.tip), shown.blue_score!)
  const root = rootOfLaneProof(proof.value, laneKey(laneOf(lane)), leaf)!
  return toHex(
    commitmentOf(root, {
      parentSeqCommit: fromHex(shown.parent_seq_commit),
      inactivityShortcut: fromHex(shown.inactivity_shortcut),
      payloadAndContext: fromHex(shown.payload_and_context_digest),
    }),
  )
}

it('leads to the seq_commit of every block, for lanes that are active and for others', async () => {
  const own = new VprogFixture()
  for (let lane = 1; lane <= 4; lane++) own.mine(own.message(lane))
  own.idle(WINDOW)
  for (let height = 1; height <= own.chain.latest().height; height++) {
    const { header, hash } = own.chain.blockByHeight(height)!.block
    for (const lane of [1, 3, 9]) {
      const shown = await callMethod<Shown>(own.context, vprog_getLaneProof, [toHex(laneOf(lane)), height])
      expect(shown.seq_commit).toBe(toHex(header.seqCommit))
      expect(commitmentOfAnswer(shown, lane)).toBe(shown.seq_commit)
      expect(shown.tip === null).toBe(lane === 9 || height < lane || height > lane + WINDOW)
      expect(await callMethod(own.context, vprog_getLaneProof, [toHex(laneOf(lane)), toHex(hash)])).toEqual(shown)
    }
  }
  const newest = await callMethod<Shown>(own.context, vprog_getLaneProof, ['0x51000001'])
  expect(newest.height).toBe(own.chain.finalized().height)
})

it('is refused where no lanes are, where the state is pruned, and for what is not on the chain', async () => {
  const { context } = fixture()
  expect(await refusalTag(context, vprog_getLaneProof, ['0x51000001', 0])).toBe('VPROGS_INACTIVE')
  expect(await refusalTag(context, vprog_getLaneProof, ['0x51000001', 99])).toBe('BLOCK_UNKNOWN')
  const own = new VprogFixture()
  own.idle(3)
  const { chain } = own
  const pruned = overriding(chain, { stateAt: (height) => (height < 3 ? undefined : chain.stateAt(height)) })
  const full = { ...own.context, node: pruned }
  expect(await refusalTag(full, vprog_getLaneProof, ['0x51000001', 2])).toBe('BLOCK_PRUNED')
  expect(await callMethod(full, vprog_getLaneProof, ['0x51000001', 3])).toMatchObject({ height: 3, tip: null })
  const { dropped } = chain.reorg()
  const abandoned = toHex(dropped.block.hash)
  expect(await refusalTag(own.context, vprog_getLaneProof, ['0x51000001', abandoned])).toBe('BLOCK_UNKNOWN')
})
