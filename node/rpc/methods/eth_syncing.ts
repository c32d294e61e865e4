import { defineMethod, Type } from '../method.ts'
import { Quantity, quantity } from '../schema.ts'

export const eth_syncing = defineMethod({
  name: 'eth_syncing',
  summary: 'False, or while the node is behind its peers how far it has come.',
  params: [],
  result: Type.Union([
    Type.Literal(false),
    Type.Object({ startingBlock: Quantity, currentBlock: Quantity, highestBlock: Quantity }),
  ]),
  example: { params: [], result: false },
  handler: ({ node }) => {
    const progress = node.syncing()
    if (progress === undefined) return false
    return {
      startingBlock: quantity(progress.startingHeight),
      currentBlock: quantity(progress.currentHeight),
      highestBlock: quantity(progress.highestHeight),
    }
  },
})
