import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, hexKey, toHex } from '../../../core/bytes.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { verifyTwoAnchor } from '../../../vm/lanes/two-anchor.ts'
import { callMethod, overriding, refusalTag } from '../fixture.ts'
import { laneOf, VprogFixture, WINDOW } from '../vprog/fixture.ts'
import { readTwoAnchor, type TwoAnchorJson } from '../vprog/standing-json.ts'
import { vprog_getTwoAnchorProof } from './vprog_getTwoAnchorProof.ts'

interface Part {
  from: { height: number; seq_commit: string }
  to: { height: number; seq_commit: string }
  window_blocks: number
  proof: TwoAnchorJson
  next: number | null
}

/** KIP ids of the lane's transactions, as a client believes them: from what both commitments say. */
async function proved(own: VprogFixture, lane: number, from: number, to: number): Promise<string[]> {
  const part: Part = await callMethod(own.context, vprog_getTwoAnchorProof, [toHex(laneOf(lane)), from, to])
  expect([part.from.height, part.to.height, part.next]).toEqual([from, to, null])
  const [start, end] = [part.from, part.to].map(({ height, seq_commit }) => {
    expect(seq_commit).toBe(toHex(own.chain.blockByHeight(height)!.block.header.seqCommit))
    return fromHex(seq_commit)
  })
  const told = verifyTwoAnchor(start!, end!, readTwoAnchor(part.proof), part.window_blocks)
  if (!told.ok) throw new Error(`${told.error.code}: ${told.error.message}`)
  return told.value.map(({ txId }) => hexKey(txId))
}

/** The shortest window of a chain with the fixture's seed window. */
const SHORT = 4

describe('vprog_getTwoAnchorProof', () => {
  it('proves all that happened in a lane, through any silence', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 1, 1, 2, 2 * SHORT + 2), { minLength: 3, maxLength: 8 }),
        fc.nat(),
        async (plan, seed) => {
          const own = new VprogFixture({ laneWindowBlocks: SHORT })
          const sent: { height: number; id: string }[] = []
          own.idle(1)
          for (const what of plan) {
            if (what > 2) own.idle(what)
            else {
              const messages = Array.from({ length: what }, (_, i) => own.message(1, 0, i))
              const height = own.mine(...messages, own.message(2, 1))
              sent.push(...messages.map(({ txId }) => ({ height, id: hexKey(txId) })))
            }
          }
          const to = own.chain.latest().height
          const from = 1 + (seed % (to - 1))
          const ids = await proved(own, 1, from, to)
          expect(ids).toEqual(sent.filter(({ height }) => height > from).map(({ id }) => id))
        },
      ),
      { numRuns: 10 },
    )
  })

  it('is refused in the wrong order, for lanes unknown, and where blocks or states are pruned', async () => {
    const own = new VprogFixture()
    own.mine(own.message(1))
    own.idle(WINDOW + 2)
    own.mine(own.message(1))
    const top = own.chain.latest().height
    const refused = (node: typeof own.chain | ReturnType<typeof overriding>, params: unknown[]) =>
      refusalTag({ ...own.context, node }, vprog_getTwoAnchorProof, params)
    expect(await refused(own.chain, ['0x51000001', 3, 3])).toBe('INVALID_PARAMS')
    expect(await refused(own.chain, ['0x51000001', 0, 3])).toBe('VPROGS_INACTIVE')
    expect(await refused(own.chain, [toHex(laneKey(laneOf(7))), 1, 3])).toBe('LANE_UNKNOWN')
    const { chain } = own
    // Silence is shown by a state in between.
    const noState = overriding(chain, { stateAt: (height) => (height === top - 1 ? undefined : chain.stateAt(height)) })
    expect(await refused(noState, ['0x51000001', 1, top])).toBe('BLOCK_PRUNED')
    expect(await refused(chain, ['0x51000001', 1, top + 1])).toBe('BLOCK_UNKNOWN')
  })

  it('is refused where its end is abandoned while it is made', async () => {
    const own = new VprogFixture()
    own.mine(own.message(1))
    own.mine(own.message(1))
    const { chain } = own
    const vprogs = Object.create(chain.vprogs, {
      laneHeights: {
        value: async (...params: Parameters<typeof chain.vprogs.laneHeights>) => {
          const heights = await chain.vprogs.laneHeights(...params)
          chain.reorg()
          return heights
        },
      },
    })
    const node = overriding(chain, { vprogs })
    const tag = await refusalTag({ ...own.context, node }, vprog_getTwoAnchorProof, ['0x51000001', 1, 2])
    expect(tag).toBe('CHAIN_MOVED')
  })
})
