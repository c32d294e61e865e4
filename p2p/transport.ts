/**
 * How a node reaches other nodes. The node does not know whether they are in its process or across the world; every
 * object crosses in its wire form (wire.ts), so peers share nothing but bytes.
 */

import type { ForeignHeader } from '../consensus/header.ts'
import type { Evidence } from '../consensus/simplex/types.ts'
import type { Block, Certificate, Message } from '../consensus/types.ts'
import type { Address, Hash } from '../core/bytes.ts'
import type { Receipt } from '../vm/execution/types.ts'
import type { LightRequest, LightResponse } from './wire-light.ts'
import type { ChunkRequest, ReceiptsRequest, StateChunk } from './wire-snapshot.ts'

/** Opaque; only the transport knows what it stands for. */
export type PeerId = string

export type NetworkMessage =
  | { readonly type: 'consensus'; readonly message: Message }
  /** Whole envelopes. */
  | { readonly type: 'transactions'; readonly transactions: readonly Uint8Array[] }
  /** Two statements of one validator that contradict each other, for the next leader to put into a block. */
  | { readonly type: 'evidence'; readonly evidence: Evidence }

/**
 * How a message came: from the connection of the peer that wrote or forwards it to us alone, or through the gossip mesh,
 * which passes on what is accepted and scores the sender of what is rejected.
 */
export type Origin = 'direct' | 'gossip'

/**
 * `ignore`: nobody's fault (old, known, too early). `later`: not looked at, for want of room or time; another copy is welcome.
 * `reject`: only a faulty or lying sender produces it; the code says why.
 */
export type Verdict = 'accept' | 'ignore' | 'later' | { readonly reject: string }

/** A final block as a peer hands it to one that joins. */
export interface FinalBlock {
  readonly block: Block
  readonly notarization: Certificate | undefined
  /** Absent where the block became final through a descendant. */
  readonly finalization: Certificate | undefined
}

/** A final block of a version that is not known here, as far as it can be read. */
export interface NewerBlock extends ForeignHeader {
  readonly finalization: Certificate | undefined
}

export interface PeerStatus {
  readonly genesisHash: Hash
  /** Newest final block. */
  readonly height: number
  readonly hash: Hash
  /** Lowest height of a block that the peer can send, and of a state that it can prove. */
  readonly blocksFrom: number
  readonly statesFrom: number
}

export type PeerRequest =
  | { readonly type: 'status' }
  /** One block by id, final or not. */
  | { readonly type: 'block'; readonly hash: Hash }
  /** Consecutive final blocks; the peer may send fewer. */
  | { readonly type: 'range'; readonly fromHeight: number; readonly count: number }
  /** Certificates of an epoch's views, both ends included; the peer may send fewer. */
  | { readonly type: 'certificates'; readonly epoch: number; readonly fromView: number; readonly toView: number }
  | ChunkRequest
  | ReceiptsRequest
  | LightRequest

export type PeerResponse =
  | { readonly type: 'status'; readonly status: PeerStatus }
  | { readonly type: 'block'; readonly block: Block | undefined }
  /** `newer`: the first block that could not be read; only ever read, never sent. */
  | { readonly type: 'range'; readonly blocks: readonly FinalBlock[]; readonly newer?: NewerBlock }
  | { readonly type: 'certificates'; readonly certificates: readonly Certificate[] }
  | { readonly type: 'chunk'; readonly chunk: StateChunk }
  | { readonly type: 'receipts'; readonly blocks: readonly (readonly Receipt[])[] }
  | LightResponse

export type ResponseTo<Request extends PeerRequest> = Extract<PeerResponse, { readonly type: Request['type'] }>

export type TransportErrorCode = 'PEER_UNKNOWN' | 'PEER_TIMEOUT' | 'PEER_ANSWER_INVALID'

export interface TransportHandlers {
  /** Must not throw. The answer decides what becomes of a gossip message and of its sender. */
  message(from: PeerId, message: NetworkMessage, origin: Origin): Verdict | Promise<Verdict>
  request(from: PeerId, request: PeerRequest): Promise<PeerResponse>
}

/** A member of the present validator set, as far as the network needs to know it. */
export interface KnownValidator {
  readonly address: Address
  readonly blsPublicKey: Uint8Array
}

export interface Transport {
  /** Begins delivery. Messages that arrive earlier are lost. */
  start(handlers: TransportHandlers): void
  stop(): Promise<void>
  /** The peer sent something that only a faulty or lying node sends. */
  blame(peer: PeerId, code: string): void
  /** Whom this node talks to now: connected, and of the same genesis. */
  peers(): readonly PeerId[]
  /** The validators of this epoch: consensus messages go to those of them that are peers directly. */
  setValidators(validators: readonly KnownValidator[]): void
  /** The peer that proved to be this validator, if there is one. */
  peerOf(validator: Address): PeerId | undefined
  /** To every peer, as far as the network allows; nothing says whether it arrived. */
  broadcast(message: NetworkMessage): void
  send(to: PeerId, message: NetworkMessage): void
  /** @throws QuernError `TransportErrorCode` */
  request<Request extends PeerRequest>(to: PeerId, request: Request): Promise<ResponseTo<Request>>
}
