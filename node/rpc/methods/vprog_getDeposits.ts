import { fromHex, toHex } from '../../../core/bytes.ts'
import { depositSpk } from '../../../vm/settlement/delegate.ts'
import { prunedBlock } from '../block-ref.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { DecimalString, Hash32, Integer, Nullable } from '../schema.ts'
import { CovenantChain } from '../vprog/covenant-chain.ts'
import { outpointOf, SpkObject, spkJson } from '../vprog/covenant-output.ts'
import { depositsFrom } from '../vprog/deposits.ts'
import { exampleSummary } from '../vprog/examples.ts'
import { OutpointText, outpointText } from '../vprog/place.ts'
import { requireStandard } from '../vprog/standard-covenant.ts'

export const vprog_getDeposits = defineMethod({
  name: 'vprog_getDeposits',
  summary:
    'The unspent deposits of a standard covenant, which its claims are paid from: outputs to deposit_spk that transactions of ' +
    "its lane made, and the change of its claims; by height, from the covenant's first block or from_height on. `next` is the " +
    'from_height of the next part; null at the tip.',
  params: [required('id', Hash32), optional('from_height', Integer)],
  result: Type.Object(
    {
      deposit_spk: SpkObject,
      deposits: Type.Array(
        Type.Object(
          { outpoint: OutpointText, grains: DecimalString, height: Integer, transaction_hash: Hash32 },
          { additionalProperties: false },
        ),
      ),
      next: Nullable(Integer),
    },
    { additionalProperties: false },
  ),
  example: {
    params: [exampleSummary.id],
    result: {
      deposit_spk: { version: 0, script: `0xaa20${'5c'.repeat(32)}87` },
      deposits: [
        {
          outpoint: `0x${'6e'.repeat(32)}:0`,
          grains: '250000000',
          height: 5,
          transaction_hash: `0x${'6f'.repeat(32)}`,
        },
      ],
      next: null,
    },
  },
  handler: async ({ node }, text, given) => {
    const id = fromHex(text)
    const chain = new CovenantChain(node)
    const { record, genesis } = await requireStandard(chain, id)
    const from = Math.max(given ?? 0, record.genesisHeight)
    if (from < node.holdings().blocksFrom) throw prunedBlock(node, from)
    const { deposits, next } = await depositsFrom(chain, id, genesis.laneKey, from)
    return {
      deposit_spk: spkJson(depositSpk(id)),
      deposits: deposits.map((deposit) => ({
        outpoint: outpointText(outpointOf(deposit)),
        grains: deposit.made.kip.outputs[deposit.index]!.value.toString(),
        height: deposit.made.place.height,
        transaction_hash: toHex(deposit.made.transaction.hash),
      })),
      next: next ?? null,
    }
  },
})
