/**
 * Blocks and proposals on wire and disk.
 *
 *     block    = rlp([header, [envelope, ...], certificate of the parent | []])          id = hash of the header alone
 *     proposal = rlp([epoch, view, block, leader's signature])
 *
 * The header commits everything else: transactions by txRoot, the certificate by parentCertificateHash. So one id has one
 * body, and a peer that serves another body under the same id is caught by `checkBody` in validate.ts. PROTOCOL 4.2.
 */
import { QuernError } from '../core/errors.ts'
import {
  decodeRlp,
  encodedLength,
  encodeRlp,
  encodeUint,
  type RlpItem,
  type RlpLimits,
  rlpBytes,
  rlpList,
  rlpNumber,
} from '../core/rlp.ts'
import { decodeCertificate, encodeCertificate } from './certificate.ts'
import { decodeHeader, encodeHeader, type ForeignHeader, headerHash, readForeignHeader } from './header.ts'
import type { Block, Header, Proposal } from './types.ts'

/** PROTOCOL 4.2: the whole encoded block. */
export const MAX_BLOCK_BYTES = 2 << 20
/** A block and, around it, view numbers, a signature and list headers. */
export const MAX_PROPOSAL_BYTES = MAX_BLOCK_BYTES + 512
/** An envelope takes at least 100 bytes, so a block within its size holds at most 20,971 of them; and 40 fields besides. */
export const MAX_BLOCK_ITEMS = 1 << 15

const LIMITS: RlpLimits = { maxBytes: MAX_PROPOSAL_BYTES, maxDepth: 6, maxItems: MAX_BLOCK_ITEMS }

export type BlockDecodeErrorCode = 'BLOCK_TOO_LARGE'

/** The block of these parts; computes its hash. */
export const makeBlock = (parts: Omit<Block, 'hash'>): Block => ({ ...parts, hash: headerHash(parts.header) })

const blockItem = (block: Omit<Block, 'hash'>): RlpItem => [
  encodeHeader(block.header),
  block.transactions,
  block.parentCertificate === undefined ? [] : encodeCertificate(block.parentCertificate),
]

function blockFromItem(item: RlpItem | undefined): Block {
  const [header, transactions, certificate] = rlpList(item, 3)
  const isAbsent = rlpList(certificate).length === 0
  return makeBlock({
    header: decodeHeader(header),
    transactions: rlpList(transactions).map((envelope) => rlpBytes(envelope)),
    parentCertificate: isAbsent ? undefined : decodeCertificate(certificate),
  })
}

export const encodeBlock = (block: Omit<Block, 'hash'>): Uint8Array => encodeRlp(blockItem(block))

/** Bytes of the encoded block, without encoding it. */
export const blockSize = (block: Omit<Block, 'hash'>): number => encodedLength(blockItem(block))

/** Bytes that a block of this header and certificate takes before its first transaction, with room for list lengths. */
export const emptyBlockSize = (header: Header, certificate: Block['parentCertificate']): number =>
  blockSize({ header, transactions: [], parentCertificate: certificate }) + 8

/** Bytes that one envelope adds to a block. */
export const envelopeSize = (envelope: Uint8Array): number => encodedLength(envelope)

/** @throws QuernError `BLOCK_TOO_LARGE`, or from the RLP reader */
export function decodeBlock(bytes: Uint8Array): Block {
  if (bytes.length > MAX_BLOCK_BYTES) throw tooLarge(bytes.length)
  return blockFromItem(decodeRlp(bytes, LIMITS))
}

/** The header of an encoded block of any version. @throws QuernError `BLOCK_TOO_LARGE`, or from the RLP reader */
export function readForeignBlock(bytes: Uint8Array): ForeignHeader {
  if (bytes.length > MAX_BLOCK_BYTES) throw tooLarge(bytes.length)
  return readForeignHeader(rlpList(decodeRlp(bytes, LIMITS))[0])
}

/** The header of an encoded block that was decoded before; nothing else is looked at. Shares memory with `bytes`. */
export const blockHeader = (bytes: Uint8Array): Header => decodeHeader(rlpList(decodeRlp(bytes, LIMITS))[0])

export const encodeProposal = (proposal: Proposal): Uint8Array =>
  encodeRlp([encodeUint(proposal.epoch), encodeUint(proposal.view), blockItem(proposal.block), proposal.signature])

/** @throws QuernError `BLOCK_TOO_LARGE`, or from the RLP reader */
export function decodeProposal(bytes: Uint8Array): Proposal {
  if (bytes.length > MAX_PROPOSAL_BYTES) throw tooLarge(bytes.length)
  const [epoch, view, block, signature] = rlpList(decodeRlp(bytes, LIMITS), 4)
  const proposal: Proposal = {
    epoch: rlpNumber(epoch),
    view: rlpNumber(view),
    block: blockFromItem(block),
    signature: rlpBytes(signature, 96),
  }
  if (blockSize(proposal.block) > MAX_BLOCK_BYTES) throw tooLarge(blockSize(proposal.block))
  return proposal
}

const tooLarge = (bytes: number): QuernError<BlockDecodeErrorCode> =>
  new QuernError('BLOCK_TOO_LARGE', `a block takes at most ${MAX_BLOCK_BYTES} bytes; drop it`, { bytes })
