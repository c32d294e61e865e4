/** `quern query genesis`, `node` and `peers`: what a node says of its network, and all that another one needs to join it. */
import type { Command } from 'commander'
import { type CliContext, outputOf } from '../context.ts'
import { fields, table } from '../output.ts'
import { rpcClient } from '../rpc-client.ts'

interface NodeInfo {
  readonly node_id: string
  readonly multiaddrs: readonly string[]
  readonly client_version: string
  readonly network: string
  readonly chain_id: number
  readonly genesis_hash: string
  readonly validator: string | null
}

interface PeerView {
  readonly node_id: string
  readonly address: string
  readonly direction: string
  readonly height: number
  readonly score: number
  readonly validator: string | null
}

/** Makes a command that asks a node: usage, description, example. */
type Leaf = (usage: string, description: string, example: string) => Command

interface RpcOption {
  readonly rpc: string
}

export function addNetworkQueries(leaf: Leaf, context: CliContext): void {
  leaf('genesis', 'the genesis file, for `quern init --genesis`', 'genesis > genesis.json').action(
    async (options: RpcOption, command: Command) => {
      const { genesis } = await rpcClient(options.rpc).call<{ genesis: unknown }>('chain_getGenesis')
      outputOf(command, context).print(genesis, () => JSON.stringify(genesis, null, 2))
    },
  )

  leaf('node', 'who the node is, and the addresses under which peers reach it', 'node').action(
    async (options: RpcOption, command: Command) => {
      const info = await rpcClient(options.rpc).call<NodeInfo>('node_info')
      outputOf(command, context).print(info, () =>
        fields([
          ['node id', info.node_id],
          ['version', info.client_version],
          ['network', `${info.network} (chain id ${info.chain_id})`],
          ['genesis', info.genesis_hash],
          ['validator', info.validator ?? undefined],
          ...info.multiaddrs.map((multiaddr) => ['address', multiaddr] as const),
        ]),
      )
    },
  )

  leaf('peers', 'whom the node talks to', 'peers').action(async (options: RpcOption, command: Command) => {
    const peers = await rpcClient(options.rpc).call<readonly PeerView[]>('net_peers')
    outputOf(command, context).print(peers, () =>
      peers.length === 0
        ? 'no peers: see p2p.bootstrap and p2p.persistent_peers in config.toml'
        : table(
            ['NODE ID', 'DIRECTION', 'HEIGHT', 'SCORE', 'ADDRESS', 'VALIDATOR'],
            peers.map((peer) => [
              peer.node_id,
              peer.direction,
              String(peer.height),
              String(Math.round(peer.score)),
              peer.address.replace(`/p2p/${peer.node_id}`, ''),
              peer.validator ?? '',
            ]),
          ),
    )
  })
}
