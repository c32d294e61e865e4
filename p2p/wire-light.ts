/**
 * Wire form of what a node asks that trusts headers and proofs alone (consensus/light).
 *
 *     requests     48 || [fromEpoch, count]     49 || [fromHeight, count]     50 || [height, [key, ...]]
 *                  51 || [transaction hash]  or  51 || [height, index]
 *     responses    48 || [edge, ...]                                    of consecutive epochs, consensus/light/edges.ts
 *                  49 || [[header, finalization | []], ...]             of consecutive final blocks
 *                  50 || [[[value] | [], ...], multi-proof]             in the order of the sorted keys; [] = not held
 *                  51 || [height, envelope, index, count, path, index of the result, path]      [] = no such result
 */

import { decodeCertificate, encodeCertificate } from '../consensus/certificate.ts'
import { decodeHeader, encodeHeader } from '../consensus/header.ts'
import type { HeaderLine, ResultProof, StateProof } from '../consensus/light/answers.ts'
import { decodeEdge, type EpochEdge, encodeEdge } from '../consensus/light/edges.ts'
import type { Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp, encodeUint, type RlpItem, rlpBytes, rlpList, rlpNumber } from '../core/rlp.ts'

/** Edges in one answer: some 20 KB each with a hundred validators, verified in two milliseconds. */
export const MAX_EDGES = 64
/** Headers in one answer. An honest server goes on to the next finalization, which is rarely more than a few blocks away. */
export const MAX_HEADERS = 128
/** Keys in one proof: what one question of a person is about. */
export const MAX_STATE_KEYS = 16
/** An answer stops growing here, and takes one edge more: a validator set has at most 160 KiB. */
export const LIGHT_TARGET_BYTES = 1 << 20
/** The largest answer; an envelope has at most 300 KiB. */
export const MAX_LIGHT_BYTES = LIGHT_TARGET_BYTES + (256 << 10)
/** The only request that is longer than a few integers: MAX_STATE_KEYS keys, a height, and lengths. */
export const MAX_STATE_REQUEST_BYTES = 34 * MAX_STATE_KEYS + 32

export const STATE_REQUEST_TAG = 50
export const STATE_REQUEST_LIMITS = { maxBytes: MAX_STATE_REQUEST_BYTES, maxDepth: 2, maxItems: MAX_STATE_KEYS + 3 }
const EDGES_LIMITS = { maxBytes: MAX_LIGHT_BYTES, maxDepth: 3, maxItems: 48 * MAX_EDGES }
const HEADERS_LIMITS = { maxBytes: MAX_LIGHT_BYTES, maxDepth: 3, maxItems: 40 * MAX_HEADERS }
const STATE_LIMITS = { maxBytes: MAX_LIGHT_BYTES, maxDepth: 3, maxItems: 2 * MAX_STATE_KEYS + 4 }
/** Two paths of at most 20 hashes: a block holds fewer than 2^15 transactions. */
const RESULT_LIMITS = { maxBytes: MAX_LIGHT_BYTES, maxDepth: 2, maxItems: 64 }

export type LightRequest =
  /** The last blocks of consecutive epochs; the peer may send fewer. */
  | { readonly type: 'edges'; readonly fromEpoch: number; readonly count: number }
  /** Headers of consecutive final blocks; the peer may send fewer. */
  | { readonly type: 'headers'; readonly fromHeight: number; readonly count: number }
  /** Records of the state after a final block. Keys strictly ascending. */
  | { readonly type: 'state'; readonly height: number; readonly keys: readonly Hash[] }
  /** One verified result, by its transaction or by its place among those of a block. */
  | { readonly type: 'result'; readonly of: ResultRef }

export type ResultRef = { readonly transaction: Hash } | { readonly height: number; readonly index: number }

export type LightResponse =
  | { readonly type: 'edges'; readonly edges: readonly EpochEdge[] }
  | { readonly type: 'headers'; readonly headers: readonly HeaderLine[] }
  | { readonly type: 'state'; readonly state: StateProof | undefined }
  | { readonly type: 'result'; readonly result: ResultProof | undefined }

export const LIGHT_REQUESTS = ['edges', 'headers', 'state', 'result'] as const satisfies LightRequest['type'][]

export const isLightRequest = (request: { readonly type: string }): request is LightRequest =>
  LIGHT_REQUESTS.some((type) => type === request.type)

const TAGS: Readonly<Record<LightRequest['type'], number>> = {
  edges: 48,
  headers: 49,
  state: STATE_REQUEST_TAG,
  result: 51,
}
const typeOf = (tag: number | undefined): LightRequest['type'] | undefined =>
  LIGHT_REQUESTS.find((type) => TAGS[type] === tag)

const malformed = (what: string): QuernError => new QuernError('RLP_SHAPE', `light question or answer: ${what}`)

// ------------------------------------------------------------------------------------------------------ questions

function requestItem(request: LightRequest): RlpItem {
  switch (request.type) {
    case 'edges':
      return [request.fromEpoch, request.count].map(encodeUint)
    case 'headers':
      return [request.fromHeight, request.count].map(encodeUint)
    case 'state':
      return [encodeUint(request.height), request.keys]
    case 'result':
      return 'transaction' in request.of
        ? [request.of.transaction]
        : [encodeUint(request.of.height), encodeUint(request.of.index)]
  }
}

/** The tag, and what follows it. */
export const encodeLightRequest = (request: LightRequest): readonly [tag: number, payload: Uint8Array] => [
  TAGS[request.type],
  encodeRlp(requestItem(request)),
]

/** Undefined for a tag that is none of ours. @throws QuernError from the RLP reader */
export function readLightRequest(tag: number | undefined, item: RlpItem): LightRequest | undefined {
  const type = typeOf(tag)
  switch (type) {
    case undefined:
      return undefined
    case 'edges': {
      const [fromEpoch, count] = rlpList(item, 2)
      return { type, fromEpoch: rlpNumber(fromEpoch), count: rlpNumber(count) }
    }
    case 'headers': {
      const [fromHeight, count] = rlpList(item, 2)
      return { type, fromHeight: rlpNumber(fromHeight), count: rlpNumber(count) }
    }
    case 'state': {
      const [height, keys] = rlpList(item, 2)
      const list = rlpList(keys).map((key) => rlpBytes(key, 32))
      if (list.length === 0 || list.length > MAX_STATE_KEYS) throw malformed('no keys, or too many')
      return { type, height: rlpNumber(height), keys: list }
    }
    case 'result': {
      const fields = rlpList(item)
      if (fields.length === 1) return { type, of: { transaction: rlpBytes(fields[0], 32) } }
      const [height, index] = rlpList(item, 2)
      return { type, of: { height: rlpNumber(height), index: rlpNumber(index) } }
    }
  }
}

// -------------------------------------------------------------------------------------------------------- answers

function responseItem(response: LightResponse): RlpItem {
  switch (response.type) {
    case 'edges':
      return response.edges.map(encodeEdge)
    case 'headers':
      return response.headers.map(({ header, finalization }) => [
        encodeHeader(header),
        finalization === undefined ? [] : encodeCertificate(finalization),
      ])
    case 'state': {
      if (response.state === undefined) return []
      const { values, proof } = response.state
      return [values.map((value) => (value === undefined ? [] : [value])), proof]
    }
    case 'result': {
      if (response.result === undefined) return []
      const { height, envelope, index, count, path, resultIndex, resultPath } = response.result
      return [
        encodeUint(height),
        envelope,
        encodeUint(index),
        encodeUint(count),
        path,
        encodeUint(resultIndex),
        resultPath,
      ]
    }
  }
}

export const encodeLightResponse = (response: LightResponse): readonly [tag: number, payload: Uint8Array] => [
  TAGS[response.type],
  encodeRlp(responseItem(response)),
]

const hashes = (item: RlpItem | undefined): Hash[] => rlpList(item).map((hash) => rlpBytes(hash, 32))

/** Undefined for a tag that is none of ours. @throws QuernError from the decoders */
export function decodeLightResponse(tag: number | undefined, payload: Uint8Array): LightResponse | undefined {
  const type = typeOf(tag)
  switch (type) {
    case undefined:
      return undefined
    case 'edges':
      return { type, edges: rlpList(decodeRlp(payload, EDGES_LIMITS)).map(decodeEdge) }
    case 'headers': {
      const lines = rlpList(decodeRlp(payload, HEADERS_LIMITS)).map((item): HeaderLine => {
        const [header, finalization] = rlpList(item, 2)
        const isAbsent = rlpList(finalization).length === 0
        return { header: decodeHeader(header), finalization: isAbsent ? undefined : decodeCertificate(finalization) }
      })
      return { type, headers: lines }
    }
    case 'state': {
      const fields = rlpList(decodeRlp(payload, STATE_LIMITS))
      if (fields.length === 0) return { type, state: undefined }
      const [values, proof] = rlpList(fields, 2)
      return { type, state: { values: rlpList(values).map(readValue), proof: rlpBytes(proof) } }
    }
    case 'result': {
      const fields = rlpList(decodeRlp(payload, RESULT_LIMITS))
      return { type, result: fields.length === 0 ? undefined : readResult(fields) }
    }
  }
}

function readValue(item: RlpItem): Uint8Array | undefined {
  const fields = rlpList(item)
  return fields.length === 0 ? undefined : rlpBytes(rlpList(fields, 1)[0])
}

function readResult(fields: readonly RlpItem[]): ResultProof {
  const [height, envelope, index, count, path, resultIndex, resultPath] = rlpList(fields, 7)
  return {
    height: rlpNumber(height),
    envelope: rlpBytes(envelope),
    index: rlpNumber(index),
    count: rlpNumber(count),
    path: hashes(path),
    resultIndex: rlpNumber(resultIndex),
    resultPath: hashes(resultPath),
  }
}
