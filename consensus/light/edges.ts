/**
 * Edges: the last block of each epoch, finalised by that epoch's set, with the next epoch's set proved under its
 * stateRoot. A chain of edges leads from a trusted header to the newest one, one signature check for each epoch. S9:
 * an edge is always finalised directly, perhaps in a later view than its header's, when it was proposed again.
 *
 *     edge = rlp([header, finalization, set record, proof])
 */
import { equalBytes } from '../../core/bytes.ts'
import { type Failure, fail, ok, type Result } from '../../core/errors.ts'
import { type RlpItem, rlpBytesMax, rlpList } from '../../core/rlp.ts'
import { type ChainParams, epochOf, isLastBlockOfEpoch } from '../../vm/params.ts'
import { validatorsHash } from '../../vm/validator-set.ts'
import { certificateFailure, decodeCertificate, encodeCertificate } from '../certificate.ts'
import { decodeHeader, encodeHeader, HEADER_VERSION, headerHash } from '../header.ts'
import type { Certificate, Header } from '../types.ts'
import { type Anchor, type LightErrorCode, type LightRules, provedSet, type TrustedHeader } from './trust.ts'

/** A header with the certificate that made it final. */
export interface FinalHeader {
  readonly header: Header
  readonly finalization: Certificate
}

export interface EpochEdge extends Anchor, FinalHeader {}

/** 1,024 members of some 140 bytes; ten times what genesis parameters allow. */
const MAX_SET_BYTES = 160 << 10
/** One key: at most 256 siblings of 33 bytes, a leaf, and the counts. */
const MAX_SET_PROOF_BYTES = 9 << 10

/** Whether a header can stand above a trusted one, in the epoch that the trusted one opens or is in. */
function placeFailure(
  header: Header,
  trusted: TrustedHeader,
  params: ChainParams,
): Failure<LightErrorCode> | undefined {
  const { height, epoch } = header
  if (header.version !== HEADER_VERSION) {
    return { code: 'BLOCK_VERSION', message: 'header of an unknown version: upgrade this node', meta: { height } }
  }
  if (epochOf(height, params) > trusted.set.epoch) {
    return {
      code: 'EDGE_MISSING',
      message: `the last block of epoch ${trusted.set.epoch} is left out; ask for edges from that epoch on`,
      meta: { height, epoch: trusted.set.epoch },
    }
  }
  const stands =
    header.chainId === params.chainId &&
    epoch === epochOf(height, params) &&
    height > trusted.header.height &&
    header.timestampMs >= trusted.header.timestampMs + (height - trusted.header.height) * params.blockIntervalMs &&
    equalBytes(header.validatorsHash, validatorsHash(trusted.set))
  if (stands) return undefined
  return {
    code: 'EDGE_HEADER',
    message: 'the header cannot stand above the trusted one; ask another peer',
    meta: { height },
  }
}

/** What is wrong with a header that is said to be final in the epoch after the trusted one; nothing when a quorum says so. */
export function finalFailure(
  { header, finalization }: FinalHeader,
  trusted: TrustedHeader,
  rules: LightRules,
): Failure<LightErrorCode> | undefined {
  const { params, genesisHash, bls } = rules
  const misplaced = placeFailure(header, trusted, params)
  if (misplaced !== undefined) return misplaced
  const { kind, view, blockHash } = finalization
  const isIts =
    kind === 'finalize' &&
    equalBytes(blockHash, headerHash(header)) &&
    (view === header.view || (view > header.view && isLastBlockOfEpoch(header.height, params)))
  if (!isIts) {
    return {
      code: 'EDGE_CERTIFICATE',
      message: 'the certificate is no finalization of this header; ask another peer',
      meta: { height: header.height },
    }
  }
  return certificateFailure(finalization, trusted.set, genesisHash, bls)
}

/** A final header of the epoch that `trusted.set` finalises, other than its last. */
export function verifyFinal(
  final: FinalHeader,
  trusted: TrustedHeader,
  rules: LightRules,
): Result<TrustedHeader, LightErrorCode> {
  if (isLastBlockOfEpoch(final.header.height, rules.params)) {
    return fail('EDGE_SET', 'the last block of an epoch needs the proof of the next set; ask for the edge', {
      height: final.header.height,
    })
  }
  const failure = finalFailure(final, trusted, rules)
  if (failure !== undefined) return { ok: false, error: failure }
  return ok({ header: final.header, hash: headerHash(final.header), set: trusted.set })
}

function verifyEdge(edge: EpochEdge, trusted: TrustedHeader, rules: LightRules): Result<TrustedHeader, LightErrorCode> {
  const { header } = edge
  if (!isLastBlockOfEpoch(header.height, rules.params)) {
    return fail('EDGE_HEADER', 'an edge is the last block of its epoch; ask another peer', { height: header.height })
  }
  const failure = finalFailure(edge, trusted, rules)
  if (failure !== undefined) return { ok: false, error: failure }
  const set = provedSet(edge, rules.params)
  return set.ok ? ok({ header, hash: headerHash(header), set: set.value }) : set
}

/**
 * Follows consecutive edges from a trusted header, the first of which ends the epoch of `trusted.set`. The answer is the
 * newest edge's header with the set after it; `trusted` itself when there is no edge.
 */
export function verifyEdges(
  trusted: TrustedHeader,
  edges: readonly EpochEdge[],
  rules: LightRules,
): Result<TrustedHeader, LightErrorCode> {
  let newest = trusted
  for (const edge of edges) {
    const next = verifyEdge(edge, newest, rules)
    if (!next.ok) return next
    newest = next.value
  }
  return ok(newest)
}

export const encodeEdge = (edge: EpochEdge): RlpItem => [
  encodeHeader(edge.header),
  encodeCertificate(edge.finalization),
  edge.set,
  edge.proof,
]

/** @throws QuernError from the decoders */
export function decodeEdge(item: RlpItem | undefined): EpochEdge {
  const [header, finalization, set, proof] = rlpList(item, 4)
  return {
    header: decodeHeader(header),
    finalization: decodeCertificate(finalization),
    set: rlpBytesMax(set, MAX_SET_BYTES),
    proof: rlpBytesMax(proof, MAX_SET_PROOF_BYTES),
  }
}
