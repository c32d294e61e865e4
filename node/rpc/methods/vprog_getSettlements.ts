import { fromHex, toHex } from '../../../core/bytes.ts'
import { ZK_TAG } from '../../../vm/zk/operands.ts'
import type { NodeApi } from '../../api.ts'
import { defineMethod, optional, required, type Static, Type } from '../method.ts'
import { Hash32, Integer, Nullable } from '../schema.ts'
import { ExitList, ExitRoom, shownExits } from '../vprog/bundle.ts'
import { boundOutputs, CovenantChain, type PlacedTransaction } from '../vprog/covenant-chain.ts'
import { type CovenantStep, stepOf } from '../vprog/covenant-step.ts'
import { exampleSettlement, exampleSummary } from '../vprog/examples.ts'
import { lineage } from '../vprog/lineage.ts'
import { PageLimit } from '../vprog/page.ts'
import { OutpointText, outpointText, PlaceCursor, placeCursor, readPlaceCursor } from '../vprog/place.ts'
import { PlaceObject, placeJson } from '../vprog/placed.ts'
import { requireStandard } from '../vprog/standard-covenant.ts'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
/** Transactions looked at for one page: between settlements stand claims. */
const MAX_LOOKED_AT = 1_024

const Options = Type.Object(
  { cursor: Type.Optional(PlaceCursor), limit: Type.Optional(PageLimit(MAX_LIMIT)) },
  { additionalProperties: false, description: '{cursor, limit}' },
)
const Settlement = Type.Object(
  {
    ...PlaceObject.properties,
    prev_state: Hash32,
    new_state: Hash32,
    prev_lane_tip: Hash32,
    new_lane_tip: Hash32,
    block_hash_proved: Hash32,
    height_proved: Nullable(Integer),
    deposit_hash: Hash32,
    proof_tag: Integer,
    bundle: Nullable(
      Type.Object(
        { outpoint: OutpointText, exits: Nullable(ExitList) },
        {
          additionalProperties: false,
          description: 'the exits as they were; null where the payload does not show them',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

function settlementJson(
  node: NodeApi,
  id: Uint8Array,
  made: PlacedTransaction,
  { settlement }: Extract<CovenantStep, { kind: 'settlement' }>,
  room: ExitRoom,
): Static<typeof Settlement> {
  const { previous, program } = settlement
  const bundleIndex = boundOutputs(made, id)[1]
  return {
    ...placeJson(made),
    prev_state: toHex(previous.state),
    new_state: toHex(settlement.newState),
    prev_lane_tip: toHex(previous.laneTip),
    new_lane_tip: toHex(settlement.newLaneTip),
    block_hash_proved: toHex(settlement.block),
    height_proved: node.blockByHash(settlement.block)?.block.header.height ?? null,
    deposit_hash: toHex(settlement.depositHash),
    proof_tag: ZK_TAG[program.proof.kind],
    bundle:
      bundleIndex === undefined
        ? null
        : {
            outpoint: outpointText({ txId: made.txId, index: bundleIndex }),
            exits: room.json(shownExits(made, bundleIndex)),
          },
  }
}

export const vprog_getSettlements = defineMethod({
  name: 'vprog_getSettlements',
  summary:
    `The settlements of a standard covenant, oldest first, ${DEFAULT_LIMIT} to a page (limit: at most ${MAX_LIMIT}): the ` +
    'states and lane tips that each led from and to, the block that it proved up to, and the exits that it left. `next` goes ' +
    'into `cursor`; null at the tip.',
  params: [required('id', Hash32), optional('options', Options)],
  result: Type.Object(
    { settlements: Type.Array(Settlement), next: Nullable(PlaceCursor) },
    { additionalProperties: false },
  ),
  example: { params: [exampleSummary.id], result: { settlements: [exampleSettlement], next: null } },
  handler: async ({ node }, text, options) => {
    const { cursor, limit = DEFAULT_LIMIT } = options ?? {}
    const id = fromHex(text)
    const chain = new CovenantChain(node)
    const { record } = await requireStandard(chain, id)
    const room = new ExitRoom()
    const settlements: Static<typeof Settlement>[] = []
    let lookedAt = 0
    let last: PlacedTransaction | undefined
    const after = cursor === undefined ? undefined : readPlaceCursor(cursor)
    for await (const made of lineage(chain, id, record, after)) {
      if (last !== undefined && (settlements.length === limit || lookedAt === MAX_LOOKED_AT)) {
        return { settlements, next: placeCursor(last.place) }
      }
      last = made
      lookedAt++
      const step = stepOf(made, id, record, true)
      if (step.kind === 'settlement') settlements.push(settlementJson(node, id, made, step, room))
    }
    return { settlements, next: null }
  },
})
