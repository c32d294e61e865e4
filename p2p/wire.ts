/**
 * Wire form of what peers say to each other: one tag byte, then RLP (a consensus message brings its own form).
 *
 *     messages     01 || consensus message      02 || [envelope, ...]      03 || body of SUBMIT_EVIDENCE
 *     requests     01 || []   02 || hash   03 || [fromHeight, count]   04 || [epoch, fromView, toView]
 *     responses    01 || [genesisHash, height, hash, blocksFrom, statesFrom]   02 || block, or nothing
 *                  03 || [[block, notarization | [], finalization | []], ...]   04 || [certificate, ...]
 */

import { decodeBlock, encodeBlock, readForeignBlock } from '../consensus/block.ts'
import { decodeCertificate, encodeCertificate } from '../consensus/certificate.ts'
import { MAX_CERTIFICATES_SERVED } from '../consensus/simplex/limits.ts'
import type { Evidence } from '../consensus/simplex/types.ts'
import type { Certificate } from '../consensus/types.ts'
import { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES } from '../consensus/wire.ts'
import { concatBytes, EMPTY_BYTES } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp, encodeUint, type RlpItem, rlpBytes, rlpList, rlpNumber } from '../core/rlp.ts'
import { submitEvidenceBody } from '../vm/transaction/bodies/evidence.ts'
import type { FinalBlock, NetworkMessage, PeerRequest, PeerResponse } from './transport.ts'
import {
  decodeLightResponse,
  encodeLightRequest,
  encodeLightResponse,
  readLightRequest,
  STATE_REQUEST_LIMITS,
  STATE_REQUEST_TAG,
} from './wire-light.ts'
import {
  decodeChunk,
  decodeReceipts,
  encodeChunk,
  encodeChunkRequest,
  encodeReceipts,
  encodeReceiptsRequest,
  readChunkRequest,
  readReceiptsRequest,
} from './wire-snapshot.ts'

/** Largest message or answer: a range of blocks, which the server cuts at RANGE_TARGET_BYTES plus one block. */
export const MAX_WIRE_BYTES = 8 << 20
/** A range answer stops growing here: a few seconds on a slow line. */
export const RANGE_TARGET_BYTES = 4 << 20
/** Blocks in one range answer; small blocks are then limited by count, so that one answer is executed in seconds. */
export const MAX_RANGE_BLOCKS = 64
/** Certificates in one answer: what the engine serves at once. */
export const MAX_ANSWER_CERTIFICATES = MAX_CERTIFICATES_SERVED
/** Envelopes in one gossip message; more go in several. */
export const MAX_GOSSIP_TRANSACTIONS = 512
/** Bytes of envelopes in one gossip message: one envelope of the largest size (300 KiB) always fits. */
export const MAX_GOSSIP_BYTES = 512 << 10

const REQUEST_LIMITS = { maxBytes: 64, maxDepth: 1, maxItems: 4 }
const GOSSIP_LIMITS = { maxBytes: MAX_GOSSIP_BYTES + 4_096, maxDepth: 1, maxItems: MAX_GOSSIP_TRANSACTIONS + 1 }
/** A validator, a view, and two statements of a hash and a signature each. */
const EVIDENCE_LIMITS = { maxBytes: 512, maxDepth: 2, maxItems: 12 }
const STATUS_LIMITS = { maxBytes: 128, maxDepth: 1, maxItems: 6 }
const CERTIFICATES_LIMITS = { maxBytes: 128 << 10, maxDepth: 2, maxItems: 8 * MAX_ANSWER_CERTIFICATES }
/** Blocks stand in a range answer as strings, each decoded under its own limits. */
const RANGE_LIMITS = { maxBytes: MAX_WIRE_BYTES, maxDepth: 3, maxItems: 24 * MAX_RANGE_BLOCKS }

export type WireErrorCode = 'MESSAGE_UNKNOWN'

const tagged = (tag: number, payload: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(tag), payload)
const unknownTag = (tag: number | undefined): QuernError<WireErrorCode> =>
  new QuernError('MESSAGE_UNKNOWN', 'unknown message type; the peer may run another version', { tag: tag ?? -1 })

// ------------------------------------------------------------------------------------------------- messages

export function encodeNetworkMessage(message: NetworkMessage): Uint8Array {
  switch (message.type) {
    case 'consensus':
      return tagged(1, encodeMessage(message.message))
    case 'transactions':
      return tagged(2, encodeRlp(message.transactions))
    case 'evidence':
      return tagged(3, encodeRlp(submitEvidenceBody.encode({ kind: 'SUBMIT_EVIDENCE', ...message.evidence })))
  }
}

function readEvidence(item: RlpItem): Evidence {
  const { kind: _, ...evidence } = submitEvidenceBody.decode(item)
  return evidence
}

/** @throws QuernError from the decoders */
export function decodeNetworkMessage(bytes: Uint8Array): NetworkMessage {
  const payload = bytes.subarray(1)
  if (bytes[0] === 1 && payload.length <= MAX_MESSAGE_BYTES)
    return { type: 'consensus', message: decodeMessage(payload) }
  if (bytes[0] === 3) return { type: 'evidence', evidence: readEvidence(decodeRlp(payload, EVIDENCE_LIMITS)) }
  if (bytes[0] !== 2) throw unknownTag(bytes[0])
  return { type: 'transactions', transactions: rlpList(decodeRlp(payload, GOSSIP_LIMITS)).map((raw) => rlpBytes(raw)) }
}

// ------------------------------------------------------------------------------------------------- requests

export function encodeRequest(request: PeerRequest): Uint8Array {
  switch (request.type) {
    case 'status':
      return tagged(1, encodeRlp([]))
    case 'block':
      return tagged(2, encodeRlp(request.hash))
    case 'range':
      return tagged(3, encodeRlp([encodeUint(request.fromHeight), encodeUint(request.count)]))
    case 'certificates':
      return tagged(4, encodeRlp([request.epoch, request.fromView, request.toView].map(encodeUint)))
    case 'chunk':
      return tagged(32, encodeChunkRequest(request))
    case 'receipts':
      return tagged(33, encodeReceiptsRequest(request))
    case 'edges':
    case 'headers':
    case 'state':
    case 'result':
      return tagged(...encodeLightRequest(request))
  }
}

/** @throws QuernError from the decoders */
export function decodeRequest(bytes: Uint8Array): PeerRequest {
  const item = decodeRlp(bytes.subarray(1), bytes[0] === STATE_REQUEST_TAG ? STATE_REQUEST_LIMITS : REQUEST_LIMITS)
  switch (bytes[0]) {
    case 1:
      rlpList(item, 0)
      return { type: 'status' }
    case 2:
      return { type: 'block', hash: rlpBytes(item, 32) }
    case 3: {
      const [fromHeight, count] = rlpList(item, 2)
      return { type: 'range', fromHeight: rlpNumber(fromHeight), count: rlpNumber(count) }
    }
    case 4: {
      const [epoch, fromView, toView] = rlpList(item, 3).map(rlpNumber)
      return { type: 'certificates', epoch: epoch!, fromView: fromView!, toView: toView! }
    }
    case 32:
      return readChunkRequest(item)
    case 33:
      return readReceiptsRequest(item)
    default: {
      const request = readLightRequest(bytes[0], item)
      if (request === undefined) throw unknownTag(bytes[0])
      return request
    }
  }
}

// ------------------------------------------------------------------------------------------------- responses

const optionalCertificate = (certificate: Certificate | undefined): RlpItem =>
  certificate === undefined ? [] : encodeCertificate(certificate)

const readOptionalCertificate = (item: RlpItem | undefined): Certificate | undefined =>
  rlpList(item).length === 0 ? undefined : decodeCertificate(item)

/** Up to the first block of a version that is not known here. */
function readRange(item: RlpItem): Extract<PeerResponse, { readonly type: 'range' }> {
  const blocks: FinalBlock[] = []
  for (const entry of rlpList(item)) {
    try {
      blocks.push(readFinalBlock(entry))
    } catch (error) {
      if (!(error instanceof QuernError) || error.code !== 'HEADER_VERSION') throw error
      const [block, , finalization] = rlpList(entry, 3)
      const newer = { ...readForeignBlock(rlpBytes(block)), finalization: readOptionalCertificate(finalization) }
      return { type: 'range', blocks, newer }
    }
  }
  return { type: 'range', blocks }
}

function readFinalBlock(item: RlpItem): FinalBlock {
  const [block, notarization, finalization] = rlpList(item, 3)
  return {
    block: decodeBlock(rlpBytes(block)),
    notarization: readOptionalCertificate(notarization),
    finalization: readOptionalCertificate(finalization),
  }
}

export function encodeResponse(response: PeerResponse): Uint8Array {
  switch (response.type) {
    case 'status': {
      const { genesisHash, height, hash, blocksFrom, statesFrom } = response.status
      return tagged(
        1,
        encodeRlp([genesisHash, encodeUint(height), hash, encodeUint(blocksFrom), encodeUint(statesFrom)]),
      )
    }
    case 'block':
      return tagged(2, response.block === undefined ? EMPTY_BYTES : encodeBlock(response.block))
    case 'range': {
      const items = response.blocks.map((b) => [
        encodeBlock(b.block),
        optionalCertificate(b.notarization),
        optionalCertificate(b.finalization),
      ])
      return tagged(3, encodeRlp(items))
    }
    case 'certificates':
      return tagged(4, encodeRlp(response.certificates.map(encodeCertificate)))
    case 'chunk':
      return tagged(32, encodeChunk(response.chunk))
    case 'receipts':
      return tagged(33, encodeReceipts(response.blocks))
    case 'edges':
    case 'headers':
    case 'state':
    case 'result':
      return tagged(...encodeLightResponse(response))
  }
}

/** @throws QuernError from the decoders */
export function decodeResponse(bytes: Uint8Array): PeerResponse {
  const payload = bytes.subarray(1)
  switch (bytes[0]) {
    case 1: {
      const [genesisHash, height, hash, blocksFrom, statesFrom] = rlpList(decodeRlp(payload, STATUS_LIMITS), 5)
      const status = {
        genesisHash: rlpBytes(genesisHash, 32),
        height: rlpNumber(height),
        hash: rlpBytes(hash, 32),
        blocksFrom: rlpNumber(blocksFrom),
        statesFrom: rlpNumber(statesFrom),
      }
      return { type: 'status', status }
    }
    case 2:
      return { type: 'block', block: payload.length === 0 ? undefined : decodeBlock(payload) }
    case 3:
      return readRange(decodeRlp(payload, RANGE_LIMITS))
    case 4: {
      const certificates = rlpList(decodeRlp(payload, CERTIFICATES_LIMITS)).map((item) => decodeCertificate(item))
      return { type: 'certificates', certificates }
    }
    case 32:
      return { type: 'chunk', chunk: decodeChunk(payload) }
    case 33:
      return { type: 'receipts', blocks: decodeReceipts(payload) }
    default: {
      const response = decodeLightResponse(bytes[0], payload)
      if (response === undefined) throw unknownTag(bytes[0])
      return response
    }
  }
}
