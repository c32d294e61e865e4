import { equalBytes, fromHex } from '../../../core/bytes.ts'
import { depositSpk } from '../../../vm/settlement/delegate.ts'
import { notFound } from '../errors.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { Hash32, Nullable } from '../schema.ts'
import { CovenantChain } from '../vprog/covenant-chain.ts'
import { CovenantOutputObject, type MadeOutput, OutputWriter, SpkObject, spkJson } from '../vprog/covenant-output.ts'
import { summaryFields, summaryJson } from '../vprog/covenant-summary.ts'
import { exampleOutput, exampleSummary } from '../vprog/examples.ts'
import { liveOutputs } from '../vprog/live-outputs.ts'
import { OutpointText, readOutpoint } from '../vprog/place.ts'

/** @throws RpcError `OUTPUT_UNKNOWN` */
function oneOutput(chain: CovenantChain, id: Uint8Array, text: string): MadeOutput[] {
  const outpoint = readOutpoint(text)
  const covenantId = chain.output(outpoint)?.covenantId
  const made = chain.makerOf(outpoint)
  if (covenantId !== undefined && equalBytes(covenantId, id) && made !== undefined) {
    return [{ made, index: outpoint.index }]
  }
  throw notFound('OUTPUT_UNKNOWN', 'the covenant has no such unspent output, or its block is no longer held here')
}

export const vprog_getCovenant = defineMethod({
  name: 'vprog_getCovenant',
  summary:
    'A covenant at the tip: what it is, its unspent outputs (or one of them), newest first, with the scripts behind their ' +
    'hashes where the chain shows them, and the exits that wait. outputs_complete: these are all. Null when there is no ' +
    'covenant of this id.',
  params: [required('id', Hash32), optional('output', OutpointText)],
  result: Nullable(
    Type.Object(
      {
        ...summaryFields,
        deposit_spk: Nullable(SpkObject),
        outputs: Type.Array(CovenantOutputObject),
        outputs_complete: Type.Boolean(),
      },
      { additionalProperties: false, description: 'deposit_spk: what deposits to a standard covenant pay to' },
    ),
  ),
  example: {
    params: [exampleSummary.id],
    result: {
      ...exampleSummary,
      deposit_spk: { version: 0, script: `0xaa20${'5c'.repeat(32)}87` },
      outputs: [exampleOutput],
      outputs_complete: true,
    },
  },
  handler: async ({ node }, text, output) => {
    const id = fromHex(text)
    const chain = new CovenantChain(node)
    const record = chain.record(id)
    if (record === undefined) return null
    const shown = output === undefined ? await liveOutputs(chain, id, record) : oneOutput(chain, id, output)
    const summary = await summaryJson(chain, id, record)
    const writer = new OutputWriter(chain)
    return {
      ...summary,
      deposit_spk: summary.standard === true ? spkJson(depositSpk(id)) : null,
      outputs: shown.map((one) => writer.json(one)),
      outputs_complete: shown.length === record.liveOutputs,
    }
  },
})
