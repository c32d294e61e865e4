/** The objects validators exchange and sign. Their RLP codecs stand beside them (header.ts, block.ts, certificate.ts). PROTOCOL 4, 5. */
import type { Address, Hash } from '../core/bytes.ts'

/** PROTOCOL 4.1; encoded as an RLP list in this order. */
export interface Header {
  readonly version: number
  readonly chainId: number
  readonly height: number
  readonly epoch: number
  readonly view: number
  readonly parentHash: Hash
  readonly timestampMs: number
  readonly proposer: Address
  readonly txRoot: Hash
  readonly receiptRoot: Hash
  readonly stateRoot: Hash
  /** 32 bytes, or empty when the block has no successful result. */
  readonly computeRoot: Uint8Array
  readonly seqCommit: Hash
  readonly validatorsHash: Hash
  readonly parentCertificateHash: Hash
  readonly gasLimit: number
  readonly gasUsed: number
  readonly gramUsed: number
  readonly baseFeePerGas: bigint
  /** 96 bytes; empty in the genesis header only. */
  readonly randomnessReveal: Uint8Array
  readonly resultCount: number
  /** Expected multiply-accumulates behind one result, of this block's epoch. */
  readonly difficulty: bigint
  /** Reserved: empty in version 1. */
  readonly zkStateProof: Uint8Array
  /** Reserved: empty in version 1. */
  readonly zkComputeProof: Uint8Array
  /** At most 32 bytes. */
  readonly extraData: Uint8Array
}

export interface Block {
  readonly hash: Hash
  readonly header: Header
  /** Whole envelopes, as signed. */
  readonly transactions: readonly Uint8Array[]
  /** Notarization of the parent; undefined for height 0 and 1 (genesis needs none). */
  readonly parentCertificate: Certificate | undefined
}

export type VoteKind = 'notarize' | 'nullify' | 'finalize'

/** `blockHash` is 32 zero bytes in a nullify vote. `validator` is the index in the epoch's set (ascending address). */
export interface Vote {
  readonly kind: VoteKind
  readonly epoch: number
  readonly view: number
  readonly blockHash: Hash
  readonly validator: number
  readonly signature: Uint8Array
}

/** More than two thirds of the epoch's power signed the same vote. */
export interface Certificate {
  readonly kind: VoteKind
  readonly epoch: number
  readonly view: number
  readonly blockHash: Hash
  /** Bit i (least significant first) = validator i of the epoch's set signed; ceil(n/8) bytes, padding bits zero. */
  readonly signers: Uint8Array
  /** Aggregate of the signers' votes. */
  readonly signature: Uint8Array
}

/**
 * `view` is the view this proposal is for. It equals `block.header.view` except when the last block of an epoch is
 * proposed again unchanged (S9).
 */
export interface Proposal {
  readonly epoch: number
  readonly view: number
  readonly block: Block
  /** Leader's signature over domain || genesisHash || epoch || view || blockHash. */
  readonly signature: Uint8Array
}

export type Message =
  | { readonly type: 'proposal'; readonly proposal: Proposal }
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'certificate'; readonly certificate: Certificate }
