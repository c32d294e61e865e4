import { equalBytes, fromHex, toHex } from '../../../core/bytes.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { defineMethod, optional, required, type Static, Type } from '../method.ts'
import { DecimalString, Hash32, Nullable } from '../schema.ts'
import { boundOutputs, CovenantChain, type PlacedTransaction } from '../vprog/covenant-chain.ts'
import { stepOf } from '../vprog/covenant-step.ts'
import { standingOf } from '../vprog/covenant-summary.ts'
import { examplePlace, exampleSummary } from '../vprog/examples.ts'
import { lineage } from '../vprog/lineage.ts'
import { PageLimit } from '../vprog/page.ts'
import { OutpointText, outpointText, PlaceCursor, placeCursor, readPlaceCursor } from '../vprog/place.ts'
import { PlaceObject, placeJson } from '../vprog/placed.ts'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
const Options = Type.Object(
  { cursor: Type.Optional(PlaceCursor), limit: Type.Optional(PageLimit(MAX_LIMIT)) },
  { additionalProperties: false, description: '{cursor, limit}' },
)
const Entry = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('genesis'),
      Type.Literal('settlement'),
      Type.Literal('claim'),
      Type.Literal('other'),
    ]),
    ...PlaceObject.properties,
    kip_id: Hash32,
    inputs: Type.Array(OutpointText, { description: 'outputs of the covenant that it spent' }),
    outputs: Type.Array(
      Type.Object(
        { outpoint: OutpointText, grains: DecimalString, spent_by: Nullable(PlaceObject) },
        { additionalProperties: false },
      ),
      { description: 'outputs of the covenant that it made' },
    ),
  },
  { additionalProperties: false },
)

/** By the outputs' makers: what lies in blocks that are no longer held is not found. */
function spentOutputs(chain: CovenantChain, made: PlacedTransaction, id: Uint8Array): Outpoint[] {
  const outpoints = made.transaction.action.inputs.map(({ outpoint }) => outpoint)
  return outpoints.filter((outpoint) => {
    const binding = chain.makerOf(outpoint)?.kip.outputs[outpoint.index]?.binding
    return binding !== undefined && equalBytes(binding.covenantId, id)
  })
}

export const vprog_getLineage = defineMethod({
  name: 'vprog_getLineage',
  summary:
    `The transactions that made outputs of a covenant, from its genesis on, ${DEFAULT_LIMIT} to a page (limit: at most ` +
    `${MAX_LIMIT}). kind is told of standard covenants; the claim of a bundle's last exit makes none, and stands in spent_by. ` +
    '`next` goes into `cursor`; null at the tip.',
  params: [required('id', Hash32), optional('options', Options)],
  result: Type.Object(
    { transactions: Type.Array(Entry), next: Nullable(PlaceCursor) },
    { additionalProperties: false },
  ),
  example: {
    params: [exampleSummary.id, { limit: 1 }],
    result: {
      transactions: [
        {
          kind: 'settlement',
          ...examplePlace,
          kip_id: `0x${'7d'.repeat(32)}`,
          inputs: [`0x${'6e'.repeat(32)}:0`],
          outputs: [{ outpoint: `0x${'7d'.repeat(32)}:0`, grains: '1000', spent_by: null }],
        },
      ],
      next: '9.0',
    },
  },
  handler: async ({ node }, text, options) => {
    const { cursor, limit = DEFAULT_LIMIT } = options ?? {}
    const id = fromHex(text)
    const chain = new CovenantChain(node)
    const record = chain.requireRecord(id)
    const { isStandard = false } = await standingOf(chain, id, record)
    const transactions: Static<typeof Entry>[] = []
    let last: PlacedTransaction | undefined
    const after = cursor === undefined ? undefined : readPlaceCursor(cursor)
    for await (const made of lineage(chain, id, record, after)) {
      if (transactions.length === limit)
        return { transactions, next: last === undefined ? null : placeCursor(last.place) }
      last = made
      const outputs = boundOutputs(made, id).map((index) => {
        const outpoint = { txId: made.txId, index }
        const spender = chain.spenderOf(outpoint)
        return {
          outpoint: outpointText(outpoint),
          grains: made.kip.outputs[index]!.value.toString(),
          spent_by: spender === undefined ? null : placeJson(spender),
        }
      })
      transactions.push({
        kind: stepOf(made, id, record, isStandard).kind,
        ...placeJson(made),
        kip_id: toHex(made.txId),
        inputs: spentOutputs(chain, made, id).map(outpointText),
        outputs,
      })
    }
    return { transactions, next: null }
  },
})
