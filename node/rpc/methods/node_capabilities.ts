import { HEADER_VERSION } from '../../../consensus/header.ts'
import { PROTOCOL_VERSION } from '../../../p2p/protocols.ts'
import { LAYOUT_VERSION } from '../../storage/layout.ts'
import { defineMethod, Type } from '../method.ts'
import { Integer } from '../schema.ts'

const Range = Type.Object({ from: Integer, to: Integer }, { additionalProperties: false })

export const node_capabilities = defineMethod({
  name: 'node_capabilities',
  summary:
    'What this node can answer: which blocks and which states it holds (a request below gets BLOCK_PRUNED, never an empty ' +
    'answer), which versions it speaks, and what other nodes may ask of it.',
  params: [],
  result: Type.Object(
    {
      mode: Type.String({ description: 'archive: everything; full: recent blocks and states; light: headers' }),
      blocks: Range,
      states: Range,
      header_version: Integer,
      protocol_version: Integer,
      layout_version: Integer,
      requests: Type.Array(Type.String(), { description: 'requests on the peer-to-peer network that it serves' }),
    },
    { additionalProperties: false },
  ),
  example: {
    params: [],
    result: {
      mode: 'archive',
      blocks: { from: 0, to: 10 },
      states: { from: 0, to: 10 },
      header_version: 1,
      protocol_version: 1,
      layout_version: 2,
      requests: ['status', 'block', 'range', 'certificates'],
    },
  },
  handler: ({ node }) => {
    const { mode, blocksFrom, statesFrom, requests } = node.holdings()
    const to = node.finalized().height
    return {
      mode,
      blocks: { from: blocksFrom, to },
      states: { from: statesFrom, to },
      header_version: HEADER_VERSION,
      protocol_version: PROTOCOL_VERSION,
      layout_version: LAYOUT_VERSION,
      requests: [...requests],
    }
  },
})
