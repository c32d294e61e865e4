/** Log filters (execution-apis, `eth_getLogs`). There are no logs here, but a wrong filter is still worth an error. */
import type { NodeApi } from '../../api.ts'
import { heightOf, requireBlock } from '../block-ref.ts'
import { invalidParams } from '../errors.ts'
import { type Static, Type } from '../method.ts'
import { AddressParam, BlockNumberParam, Hash32, Nullable, readAddress } from '../schema.ts'

const optional = <S extends Parameters<typeof Nullable>[0]>(schema: S) => Type.Optional(Nullable(schema))

/** EVM logs have four topics at most; geth takes 1,000 addresses and alternatives. */
const MAX_TOPICS = 4
const MAX_ALTERNATIVES = 1_000

export const LogFilter = Type.Object(
  {
    fromBlock: optional(BlockNumberParam),
    toBlock: optional(BlockNumberParam),
    blockHash: optional(Hash32),
    address: optional(Type.Union([AddressParam, Type.Array(AddressParam, { maxItems: MAX_ALTERNATIVES })])),
    topics: optional(
      Type.Array(
        Type.Union([
          Type.Null(),
          Hash32,
          Type.Array(Type.Union([Type.Null(), Hash32]), { maxItems: MAX_ALTERNATIVES }),
        ]),
        {
          maxItems: MAX_TOPICS,
        },
      ),
    ),
  },
  { description: 'a log filter: {fromBlock, toBlock, address, topics} or {blockHash, address, topics}' },
)

/** @throws RpcError `INVALID_PARAMS`, `ADDRESS_INVALID`, `BLOCK_UNKNOWN` */
export function checkLogFilter(node: NodeApi, filter: Static<typeof LogFilter>): void {
  const { fromBlock, toBlock, blockHash, address } = filter
  for (const text of Array.isArray(address) ? address : [address]) if (typeof text === 'string') readAddress(text)
  if (blockHash != null) {
    if (fromBlock != null || toBlock != null) throw invalidParams('give blockHash, or fromBlock and toBlock, not both')
    requireBlock(node, { blockHash })
    return
  }
  if (heightOf(node, fromBlock ?? 'latest') > heightOf(node, toBlock ?? 'latest') && toBlock != null) {
    throw invalidParams('invalid block range: fromBlock is after toBlock')
  }
}
