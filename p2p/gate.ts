/** Who may connect, for libp2p to ask; and which connections are still on their way in. */
import type { Connection, ConnectionGater, MultiaddrConnection } from '@libp2p/interface'
import { hostOf } from './address.ts'
import { type Arrival, type Room, refuseArrival } from './admission.ts'
import type { PeerId } from './transport.ts'

export interface GateOptions {
  readonly room: Room
  /** Banned, or blocked. */
  isUnwelcome(peer: PeerId): boolean
  openAt(host: string): number
  bansAt(host: string): number
}

export class Gate implements ConnectionGater {
  readonly #options: GateOptions
  /** Host of each connection that came in and has not finished its handshake, by its remote address and port. */
  readonly #pending = new Map<string, string>()

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** The handshake is over, one way or the other. */
  settled(connection: Connection): void {
    this.#pending.delete(keyOf(connection.remoteAddr.toString()))
  }

  readonly denyDialPeer: NonNullable<ConnectionGater['denyDialPeer']> = (peer) =>
    this.#options.isUnwelcome(peer.toString())

  readonly denyOutboundEncryptedConnection: NonNullable<ConnectionGater['denyOutboundEncryptedConnection']> = (peer) =>
    this.#options.isUnwelcome(peer.toString())

  readonly denyInboundEncryptedConnection: NonNullable<ConnectionGater['denyInboundEncryptedConnection']> = (peer) =>
    this.#options.isUnwelcome(peer.toString())

  /** Before it costs a key exchange. */
  readonly denyInboundConnection: NonNullable<ConnectionGater['denyInboundConnection']> = (connection) => {
    const { room, openAt, bansAt } = this.#options
    const address = hostOf(connection.remoteAddr.toString()) ?? ''
    const arrival: Arrival = {
      pending: this.#pending.size,
      pendingAtAddress: [...this.#pending.values()].filter((host) => host === address).length,
      openAtAddress: openAt(address),
      bansAtAddress: bansAt(address),
    }
    if (refuseArrival(arrival, room) !== undefined) return true
    this.#await(connection, address)
    return false
  }

  #await(connection: MultiaddrConnection, address: string): void {
    const key = keyOf(connection.remoteAddr.toString())
    this.#pending.set(key, address)
    connection.addEventListener('close', () => this.#pending.delete(key), { once: true })
  }
}

const keyOf = (address: string): string => address.split('/p2p/')[0] ?? address
