import { toHex } from '../../../core/bytes.ts'
import { defineMethod, required, Type } from '../method.ts'
import { DecimalString, Hash32, Nullable } from '../schema.ts'
import { CovenantChain } from '../vprog/covenant-chain.ts'
import { SpkObject, spkJson } from '../vprog/covenant-output.ts'
import { exampleOutput, examplePlace, exampleSummary } from '../vprog/examples.ts'
import { OutpointText, outpointText, readOutpoint } from '../vprog/place.ts'
import { PlaceObject, placeJson } from '../vprog/placed.ts'

export const vprog_getOutput = defineMethod({
  name: 'vprog_getOutput',
  summary:
    'An output that a transaction of kind 16 or 17 made, spent or not, and the transactions that made and spent it; null when ' +
    'there is none, or its block is no longer held here.',
  params: [required('output', OutpointText)],
  result: Nullable(
    Type.Object(
      {
        outpoint: OutpointText,
        grains: DecimalString,
        spk: SpkObject,
        covenant_id: Nullable(Hash32),
        ...PlaceObject.properties,
        spent_by: Nullable(PlaceObject),
      },
      { additionalProperties: false },
    ),
  ),
  example: {
    params: [exampleOutput.outpoint],
    result: {
      outpoint: exampleOutput.outpoint,
      grains: exampleOutput.grains,
      spk: exampleOutput.spk,
      covenant_id: exampleSummary.id,
      ...examplePlace,
      spent_by: null,
    },
  },
  handler: ({ node }, text) => {
    const outpoint = readOutpoint(text)
    const chain = new CovenantChain(node)
    const made = chain.makerOf(outpoint)
    const output = made?.kip.outputs[outpoint.index]
    if (made === undefined || output === undefined) return null
    const spender = chain.spenderOf(outpoint)
    return {
      outpoint: outpointText(outpoint),
      grains: output.value.toString(),
      spk: spkJson(output.spk),
      covenant_id: output.binding === undefined ? null : toHex(output.binding.covenantId),
      ...placeJson(made),
      spent_by: spender === undefined ? null : placeJson(spender),
    }
  },
})
