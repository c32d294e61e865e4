/** A peer that says whatever a test wants: a libp2p host of ours, without our manners. */
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { ZERO_HASH } from '../../core/bytes.ts'
import { encodeHello, type Hello } from '../hello.ts'
import { createHost, type Host } from '../host.ts'
import { PROTOCOL_VERSION, type ProtocolNames, protocolNames } from '../protocols.ts'
import { readFrame, writeFrame } from '../streams.ts'
import { GENESIS, optionsOf, type TestNode } from './nodes.ts'

export const hello: Hello = {
  version: PROTOCOL_VERSION,
  genesisHash: GENESIS,
  agent: 'raw',
  height: 0,
  hash: ZERO_HASH,
  blocksFrom: 0,
  statesFrom: 0,
  claim: undefined,
}

export class RawHost {
  readonly names: ProtocolNames = protocolNames(GENESIS)
  readonly host: Host

  private constructor(host: Host) {
    this.host = host
  }

  static async start(): Promise<RawHost> {
    const names = protocolNames(GENESIS)
    const room = { maxPeers: 100, maxPeersPerAddress: 100 }
    const host = await createHost({ options: optionsOf(), names, room, gater: {}, scoreOf: () => 0 })
    await host.start()
    return new RawHost(host)
  }

  get id(): string {
    return this.host.peerId.toString()
  }

  connect(to: TestNode): Promise<Connection> {
    return this.host.dial(multiaddr(to.address()), { signal: AbortSignal.timeout(5_000) })
  }

  open(connection: Connection, protocol: string): Promise<Stream> {
    return connection.newStream(protocol, { signal: AbortSignal.timeout(5_000) })
  }

  /** As much of a hello as `bytes` is; returns the answer. */
  async greet(connection: Connection, bytes = encodeHello(hello)): Promise<Uint8Array> {
    const signal = AbortSignal.timeout(5_000)
    const stream = await this.open(connection, this.names.status)
    await writeFrame(stream, bytes, signal)
    return readFrame(stream, 1_024, signal)
  }

  /** Connected, and a peer. */
  async join(node: TestNode): Promise<Connection> {
    const connection = await this.connect(node)
    await this.greet(connection)
    return connection
  }

  async stop(): Promise<void> {
    for (const connection of this.host.getConnections()) connection.abort(new Error('over'))
    await this.host.stop()
  }
}
