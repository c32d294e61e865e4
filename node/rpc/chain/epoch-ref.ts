/** Which epoch a request means. `current` is that of the newest notarised block. */
import type { ChainParams } from '../../../vm/params.ts'
import type { NodeApi } from '../../api.ts'
import { prunedBlock } from '../block-ref.ts'
import { notFound, type RpcError } from '../errors.ts'
import { type Static, Type } from '../method.ts'
import { QuantityParam, readNumber } from '../schema.ts'

export const EpochRef = Type.Union(
  [
    Type.Literal('current'),
    QuantityParam,
    Type.String({ pattern: '^[0-9]{1,16}$' }),
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  ],
  { description: 'an epoch: number, decimal string, 0x hex or current' },
)

/** @throws RpcError `INVALID_PARAMS` for a number of 2^53 or more */
export const readEpoch = (node: NodeApi, ref: Static<typeof EpochRef>): number =>
  ref === 'current' ? node.latest().epoch : readNumber(ref, 'epoch')

type EpochLength = Pick<ChainParams, 'epochBlocks'>

/** Genesis (height 0) counts to epoch 0 but is not its first block. */
export const firstHeightOf = (epoch: number, { epochBlocks }: EpochLength): number => epoch * epochBlocks + 1
export const lastHeightOf = (epoch: number, { epochBlocks }: EpochLength): number => (epoch + 1) * epochBlocks

/** Of an epoch that was, the records went with its states. */
export const unknownEpoch = (node: NodeApi, epoch: number): RpcError => {
  const height = lastHeightOf(epoch, node.genesis.params)
  if (height < node.holdings().statesFrom) return prunedBlock(node, height, 'state')
  return notFound(
    'EPOCH_UNKNOWN',
    `this node knows nothing of epoch ${epoch}; the current one is ${node.latest().epoch}`,
  )
}
