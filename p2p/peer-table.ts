/** The peers that this node talks to now, and which validators they proved to be. */
import type { Connection } from '@libp2p/interface'
import type { BlsScheme } from '../core/bls.ts'
import { type Address, equalBytes, type Hash, hexKey } from '../core/bytes.ts'
import { claimBytes, type Hello, type SignedClaim } from './hello.ts'
import type { KnownValidator, PeerId } from './transport.ts'

/**
 * Peers that count as one validator: it, and the one it moves to. Its key can sign for any number of peer ids, and each would have a
 * reserved place and be sent all of consensus.
 */
const MAX_PEERS_OF_VALIDATOR = 2

export interface Peer {
  readonly id: PeerId
  /** With a good hello; the first is the one in use. */
  readonly connections: readonly Connection[]
  readonly agent: string
  readonly height: number
  readonly connectedAtMs: number
  /** Proved, of the present set, and among the first that did so. */
  readonly validator: Address | undefined
}

interface Entry {
  readonly id: PeerId
  connections: Connection[]
  agent: string
  height: number
  readonly connectedAtMs: number
  claim: SignedClaim | undefined
  /** Of the claim's signature; undefined until the set first holds the claimed validator. */
  isProven: boolean | undefined
  /** Proved, and of the present set. */
  member: Address | undefined
  validator: Address | undefined
}

export interface PeerTableOptions {
  readonly genesisHash: Hash
  readonly bls: Pick<BlsScheme, 'verify'>
  /** Signed for a validator of the set with a key that is not its own. */
  onFalseClaim(peer: PeerId): void
}

export class PeerTable {
  readonly #options: PeerTableOptions
  readonly #peers = new Map<PeerId, Entry>()
  /** The set, by address. */
  #validators = new Map<string, KnownValidator>()
  #byValidator = new Map<string, PeerId>()

  constructor(options: PeerTableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#peers.size
  }

  get(id: PeerId): Peer | undefined {
    return this.#peers.get(id)
  }

  all(): readonly Peer[] {
    return [...this.#peers.values()]
  }

  ids(): readonly PeerId[] {
    return [...this.#peers.keys()]
  }

  /** A hello came on this connection; returns whether the peer is new. */
  add(connection: Connection, hello: Hello, nowMs: number): boolean {
    const id = connection.remotePeer.toString()
    const known = this.#peers.get(id)
    const entry: Entry = known ?? {
      id,
      connections: [],
      agent: '',
      height: 0,
      connectedAtMs: nowMs,
      claim: undefined,
      isProven: undefined,
      member: undefined,
      validator: undefined,
    }
    if (!entry.connections.includes(connection)) entry.connections.push(connection)
    entry.agent = hello.agent
    entry.height = hello.height
    if (!sameClaim(entry.claim, hello.claim)) {
      entry.claim = hello.claim
      entry.isProven = undefined
    }
    this.#peers.set(id, entry)
    this.#believe(entry)
    return known === undefined
  }

  /** This connection of a peer is the one to use from now on. */
  prefer(connection: Connection): void {
    const entry = this.#peers.get(connection.remotePeer.toString())
    if (entry?.connections.includes(connection) !== true) return
    entry.connections = [connection, ...entry.connections.filter((other) => other !== connection)]
  }

  /** Returns whether that was the peer's last connection. */
  remove(connection: Connection): boolean {
    const id = connection.remotePeer.toString()
    const entry = this.#peers.get(id)
    if (entry?.connections.includes(connection) !== true) return false
    entry.connections = entry.connections.filter((other) => other !== connection)
    if (entry.connections.length > 0) return false
    this.#peers.delete(id)
    this.#index()
    return true
  }

  sawHeight(id: PeerId, height: number): void {
    const entry = this.#peers.get(id)
    if (entry !== undefined) entry.height = Math.max(entry.height, height)
  }

  // ------------------------------------------------------------------------------------------------- validators

  setValidators(validators: readonly KnownValidator[]): void {
    this.#validators = new Map(validators.map((validator) => [hexKey(validator.address), validator]))
    for (const entry of this.#peers.values()) this.#believe(entry)
  }

  isValidator(address: Address): boolean {
    return this.#validators.has(hexKey(address))
  }

  validator(address: Address): KnownValidator | undefined {
    return this.#validators.get(hexKey(address))
  }

  peerOf(validator: Address): PeerId | undefined {
    return this.#byValidator.get(hexKey(validator))
  }

  /** Whether each member of the set is a peer; `own` needs not be. False while no set is known. */
  reachesAllValidators(own: Address | undefined): boolean {
    if (this.#validators.size === 0) return false
    const ownKey = own === undefined ? undefined : hexKey(own)
    return [...this.#validators.keys()].every((key) => key === ownKey || this.#byValidator.has(key))
  }

  #believe(entry: Entry): void {
    const { claim, id } = entry
    const known = claim === undefined ? undefined : this.#validators.get(hexKey(claim.address))
    const isKey = known !== undefined && equalBytes(known.blsPublicKey, claim!.blsPublicKey)
    if (isKey && entry.isProven === undefined) {
      const { genesisHash, bls } = this.#options
      const peerIdBytes = entry.connections[0]!.remotePeer.toMultihash().bytes
      entry.isProven = bls.verify(known.blsPublicKey, claimBytes(genesisHash, peerIdBytes), claim!.signature)
      if (!entry.isProven) this.#options.onFalseClaim(id)
    }
    entry.member = isKey && entry.isProven === true ? claim!.address : undefined
    this.#index()
  }

  /** Who came first keeps the name: a second machine with the same key must not cut off the first. */
  #index(): void {
    this.#byValidator = new Map()
    const counts = new Map<string, number>()
    for (const entry of this.#peers.values()) {
      const key = entry.member === undefined ? '' : hexKey(entry.member)
      const before = counts.get(key) ?? 0
      entry.validator = before < MAX_PEERS_OF_VALIDATOR ? entry.member : undefined
      counts.set(key, before + 1)
      if (entry.member !== undefined && before === 0) this.#byValidator.set(key, entry.id)
    }
  }
}

function sameClaim(a: SignedClaim | undefined, b: SignedClaim | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    equalBytes(a.address, b.address) &&
    equalBytes(a.blsPublicKey, b.blsPublicKey) &&
    equalBytes(a.signature, b.signature)
  )
}
