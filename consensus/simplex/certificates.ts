/** Certificates: intake, and the arms S4, S5 and S6 that they set off. */
import { equalBytes, hexKey } from '../../core/bytes.ts'
import { certificateFailure, checkSigners } from '../certificate.ts'
import type { Certificate } from '../types.ts'
import { namesBlockRightly } from '../vote.ts'
import { castVote } from './ballot.ts'
import { MAX_CERTIFICATES_SERVED } from './limits.ts'
import { canSign, emit, halt, ownVote, type SimplexState, viewAt } from './state.ts'
import { enterView } from './timers.ts'
import type { Output, Refusal } from './types.ts'

/** The checks of a certificate of the present epoch that cost no cryptography and change nothing. */
export function certificateRefusal(s: SimplexState, certificate: Certificate): Refusal | undefined {
  if (certificate.view <= s.finalView) return { ignored: 'VIEW_PAST' }
  const known = s.views.get(certificate.view)?.certificates[certificate.kind]
  if (known !== undefined && equalBytes(known.blockHash, certificate.blockHash)) {
    return { ignored: 'CERTIFICATE_KNOWN' }
  }
  if (!namesBlockRightly(certificate.kind, certificate.blockHash)) {
    return { rejected: 'VOTE_SHAPE' }
  }
  const failure = checkSigners(certificate, s.set)
  return failure === undefined ? undefined : { rejected: failure.code }
}

/**
 * Takes a certificate of the present epoch, of any view however far ahead: a lagging node jumps by it. What is known costs
 * nothing; what does not fit the set is rejected before its signature is looked at.
 */
export function takeCertificate(s: SimplexState, certificate: Certificate, isVerified: boolean): Refusal | undefined {
  const refusal = certificateRefusal(s, certificate)
  if (refusal !== undefined) return refusal
  const { genesisHash, scheme } = s.options
  const failure = isVerified ? undefined : certificateFailure(certificate, s.set, genesisHash, scheme)
  if (failure !== undefined) return { rejected: failure.code }
  s.formed.push(certificate)
  return undefined
}

/** S4, S5, S6: a verified certificate, our own or received, the first of its (view, kind). */
export function acceptCertificate(s: SimplexState, certificate: Certificate): void {
  const { kind, view } = certificate
  if (view <= s.finalView) return
  const slot = viewAt(s, view)
  const known = slot.certificates[kind]
  if (known !== undefined) {
    noteConflict(s, known, certificate)
    return
  }

  rememberCertificate(s, certificate)
  emit(s, { type: 'persist', record: { type: 'certificate', certificate } })
  emit(s, { type: 'broadcast', message: { type: 'certificate', certificate } })
  switch (kind) {
    case 'notarize':
      voteFinalize(s, view) // S4
      break
    case 'nullify': // S5
      break
    case 'finalize': // S6; the commit follows when the blocks are here
      break
  }
  if (view >= s.view) enterView(s, view + 1, certificate)
}

/** Stores without consequences, as recovery does. */
export function rememberCertificate(s: SimplexState, certificate: Certificate): void {
  const { kind, view, blockHash } = certificate
  viewAt(s, view).certificates[kind] = certificate
  if (kind === 'notarize') {
    const key = hexKey(blockHash)
    // S9: the epoch's last block is notarised again and again; the newest takes the parent's place.
    if (view > (s.notarized.get(key)?.view ?? -1)) s.notarized.set(key, certificate)
  }
  if (kind === 'finalize' && view > (s.finalization?.view ?? -1)) s.finalization = certificate
}

/** S4, for any view that is not final, left or not: a finalization is welcome late as well. */
export function voteFinalize(s: SimplexState, view: number): void {
  const notarization = s.views.get(view)?.certificates.notarize
  if (notarization === undefined || !canSign(s) || ownVote(s, view, 'nullify') !== undefined) return
  const before = ownVote(s, view, 'finalize')
  // A vote of ours for another block can only be of an earlier life whose disk is lost; it binds us all the same.
  if (before !== undefined && !equalBytes(before.blockHash, notarization.blockHash)) return
  castVote(s, 'finalize', view, notarization.blockHash)
}

/**
 * Two certificates of one kind and view for two blocks take a third of the power. Notarizations that conflict are left to
 * the finalization that decides between them; final blocks that conflict stop the engine, here or at the commit.
 */
function noteConflict(s: SimplexState, known: Certificate, other: Certificate): void {
  if (other.kind !== 'finalize' || equalBytes(known.blockHash, other.blockHash)) return
  const where = `view ${other.view} of epoch ${other.epoch}`
  halt(
    s,
    'FINAL_CONFLICT',
    `two blocks are final in ${where}: a third of the power signed both; compare with other operators`,
  )
}

/** What an output sends, for hosts that must know what they have not sent yet. */
export const certificateIn = (output: Output): Certificate | undefined =>
  output.type === 'broadcast' && output.message.type === 'certificate' ? output.message.certificate : undefined

/** S8: what a peer gets that asks for certificates of these views, the newest finalization first. */
export function certificatesFrom(s: SimplexState, epoch: number, fromView: number): Certificate[] {
  const answer: Certificate[] = []
  const { finalization, notarization } = s.head
  if (finalization !== undefined && finalization.epoch === epoch && finalization.view >= fromView) {
    answer.push(finalization)
    if (notarization !== undefined) answer.push(notarization)
  }
  if (epoch !== s.set.epoch) return answer
  if (s.finalization !== undefined) answer.push(s.finalization)
  const slots = [...s.views.values()].filter((slot) => slot.view >= fromView).sort((a, b) => a.view - b.view)
  for (const { certificates } of slots) {
    if (answer.length + 3 > MAX_CERTIFICATES_SERVED) break
    for (const certificate of [certificates.notarize, certificates.nullify, certificates.finalize]) {
      if (certificate !== undefined && certificate !== s.finalization) answer.push(certificate)
    }
  }
  return answer
}
