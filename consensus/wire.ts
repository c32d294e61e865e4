/**
 * Consensus messages as they travel: one tag byte, then the RLP of the object. Each has exactly one encoding.
 *
 *     01 || proposal        02 || vote        03 || certificate
 */
import { concatBytes } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp } from '../core/rlp.ts'
import { decodeProposal, encodeProposal, MAX_PROPOSAL_BYTES } from './block.ts'
import { decodeCertificate, encodeCertificate } from './certificate.ts'
import type { Message } from './types.ts'
import { decodeVote, encodeVote } from './vote.ts'

const TAG_PROPOSAL = 1
const TAG_VOTE = 2
const TAG_CERTIFICATE = 3

export const MAX_MESSAGE_BYTES = MAX_PROPOSAL_BYTES + 1
/** Votes and certificates are a hash, a signature, a bitmap of at most 100 bits and a few integers. */
const SMALL = { maxBytes: 512, maxDepth: 2, maxItems: 16 }

export type MessageErrorCode = 'MESSAGE_UNKNOWN'

export function encodeMessage(message: Message): Uint8Array {
  switch (message.type) {
    case 'proposal':
      return concatBytes(Uint8Array.of(TAG_PROPOSAL), encodeProposal(message.proposal))
    case 'vote':
      return concatBytes(Uint8Array.of(TAG_VOTE), encodeRlp(encodeVote(message.vote)))
    case 'certificate':
      return concatBytes(Uint8Array.of(TAG_CERTIFICATE), encodeRlp(encodeCertificate(message.certificate)))
  }
}

/** @throws QuernError `MESSAGE_UNKNOWN`, `BLOCK_TOO_LARGE`, or from the RLP reader */
export function decodeMessage(bytes: Uint8Array): Message {
  const payload = bytes.subarray(1)
  switch (bytes[0]) {
    case TAG_PROPOSAL:
      return { type: 'proposal', proposal: decodeProposal(payload) }
    case TAG_VOTE:
      return { type: 'vote', vote: decodeVote(decodeRlp(payload, SMALL)) }
    case TAG_CERTIFICATE:
      return { type: 'certificate', certificate: decodeCertificate(decodeRlp(payload, SMALL)) }
    default:
      throw new QuernError('MESSAGE_UNKNOWN', 'unknown message type; the peer may run another version', {
        tag: bytes[0] ?? -1,
      })
  }
}
