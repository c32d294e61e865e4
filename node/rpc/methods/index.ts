/** Every JSON-RPC method of this node. One file each; the test beside holds that none is forgotten. */
import type { RpcMethod } from '../method.ts'
import { eth_chainId } from './eth_chainId.ts'

export const methods: readonly RpcMethod[] = [
  // Ethereum's
  eth_chainId,
  // our own
]
