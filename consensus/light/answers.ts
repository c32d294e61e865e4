/**
 * What stands under a trusted header: records of the state, results of the block, and the headers below it. Whoever
 * sends these need not be trusted; what does not verify here is a lie, not a mistake.
 */
import { compareBytes, equalBytes, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { fail, ok, QuernError, type Result } from '../../core/errors.ts'
import { keccak256, sha256 } from '../../core/hash.ts'
import { leafHash, verifyMerklePath } from '../../core/merkle.ts'
import { decodeMultiProof, verifyMultiProof } from '../../core/smt/index.ts'
import { computeLeaf, resultJson } from '../../vm/compute-root.ts'
import type { ChainParams } from '../../vm/params.ts'
import { decodeEnvelope, decodeOptions } from '../../vm/transaction/envelope.ts'
import type { ComputeResult } from '../../vm/transaction/types.ts'
import { headerHash } from '../header.ts'
import type { Certificate, Header } from '../types.ts'
import type { FinalHeader } from './edges.ts'
import type { TrustedHeader } from './trust.ts'

export type LightAnswerErrorCode =
  /** Values that are not those under the stateRoot. */
  | 'STATE_UNPROVED'
  /** A result that is not under the computeRoot, or not the one that was asked for. */
  | 'RESULT_UNPROVED'
  /** A header that is not the parent of the one above it. */
  | 'HEADER_UNLINKED'

/** A final header; its own finalization where it has one. */
export interface HeaderLine {
  readonly header: Header
  readonly finalization: Certificate | undefined
}

/** Records at sorted tree keys, undefined where there is none, with one multi-proof of all of them, wire bytes. */
export interface StateProof {
  readonly values: readonly (Uint8Array | undefined)[]
  readonly proof: Uint8Array
}

/** A SUBMIT_RESULT that succeeded, under the txRoot and the computeRoot of its block. */
export interface ResultProof {
  readonly height: number
  readonly envelope: Uint8Array
  /** Place in the block, of `count` transactions. */
  readonly index: number
  readonly count: number
  readonly path: readonly Hash[]
  /** Place among the block's successful results. */
  readonly resultIndex: number
  readonly resultPath: readonly Hash[]
}

export interface ProvedResult {
  readonly transactionHash: Hash
  readonly result: ComputeResult
  readonly seedHeight: number
  readonly matrixSize: number
  readonly challengeType: string
  readonly index: number
  /** Sibling hashes from its leaf to the computeRoot. */
  readonly path: readonly Hash[]
}

/** @returns what makes an answer a lie; other errors are our own failure and pass on */
function unreadable(error: unknown): QuernError {
  if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') return error
  throw error
}

/**
 * The records at these keys in the state after a trusted block, each undefined where the proof shows that there is none.
 * @param keys strictly ascending
 */
export function verifyState(
  header: Pick<Header, 'height' | 'stateRoot'>,
  keys: readonly Hash[],
  { values, proof }: StateProof,
): Result<readonly (Uint8Array | undefined)[], LightAnswerErrorCode> {
  try {
    const found = verifyMultiProof(decodeMultiProof(proof), header.stateRoot, keys)
    const agree =
      values.length === keys.length &&
      values.every((value, i) => equalBytes(value === undefined ? ZERO_HASH : sha256(value), found[i]!))
    if (agree) return ok(values)
  } catch (error) {
    unreadable(error)
  }
  return fail('STATE_UNPROVED', 'the values are not those under the trusted stateRoot; ask another peer', {
    height: header.height,
  })
}

/** For `verifyState`. */
export const sortedKeys = (keys: readonly Hash[]): Hash[] => keys.toSorted(compareBytes)

/** The result a proof is about, where it stands under the roots of a trusted header. */
export function verifyResult(
  header: Header,
  proof: ResultProof,
  params: ChainParams,
): Result<ProvedResult, LightAnswerErrorCode> {
  try {
    const { envelope, index, count, path, resultIndex, resultPath } = proof
    const { action } = decodeEnvelope(envelope, params.chainId, decodeOptions(params))
    if (
      action.kind === 'SUBMIT_RESULT' &&
      proof.height === header.height &&
      verifyMerklePath(leafHash(envelope), index, count, path, header.txRoot) &&
      verifyMerklePath(
        computeLeaf(resultJson(action.result)),
        resultIndex,
        header.resultCount,
        resultPath,
        header.computeRoot,
      )
    ) {
      const { result, seedHeight, matrixSize, challengeType } = action
      return ok({
        transactionHash: keccak256(envelope),
        result,
        seedHeight,
        matrixSize,
        challengeType,
        index: resultIndex,
        path: resultPath,
      })
    }
  } catch (error) {
    unreadable(error)
  }
  return fail('RESULT_UNPROVED', 'the result is not under the trusted computeRoot; ask another peer', {
    height: header.height,
  })
}

/** A header that is to stand above a trusted one, with what leads to it. */
export interface Branch {
  /** From right above the trusted header to `final`, that one included; ascending. */
  readonly headers: readonly TrustedHeader[]
  readonly final: FinalHeader
}

/**
 * The headers that follow a trusted one up to the newest finalization among them; undefined when there is none. Only the
 * links are checked here; `finalFailure` judges the finalization.
 */
export function linkHeaders(
  trusted: TrustedHeader,
  lines: readonly HeaderLine[],
): Result<Branch | undefined, LightAnswerErrorCode> {
  const last = lines.findLastIndex(({ finalization }) => finalization !== undefined)
  const headers: TrustedHeader[] = []
  let above = trusted
  for (const { header } of lines.slice(0, last + 1)) {
    if (header.height !== above.header.height + 1 || !equalBytes(header.parentHash, above.hash)) {
      return fail('HEADER_UNLINKED', 'the headers do not follow the trusted one; ask another peer', {
        height: header.height,
      })
    }
    above = { header, hash: headerHash(header), set: trusted.set }
    headers.push(above)
  }
  const line = lines[last]
  if (line?.finalization === undefined) return ok(undefined)
  return ok({ headers, final: { header: line.header, finalization: line.finalization } })
}
