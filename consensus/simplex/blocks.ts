/** Blocks on their way to finality: held, fetched, executed by the host, made final. S6, S8. */
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { epochOf } from '../../vm/params.ts'
import { certificateHash, signerIndexes, verifyCertificate } from '../certificate.ts'
import type { Block, Certificate } from '../types.ts'
import { noteLagging } from './lagging.ts'
import { MAX_FETCHES, MAX_HELD_BLOCKS, SYNC_BLOCKS, VIEWS_PER_ANSWER } from './limits.ts'
import {
  emit,
  type HeldBlock,
  halt,
  heldBlock,
  isCertified,
  isEpochEnd,
  isHead,
  isValidBlock,
  notarizationOf,
  type SimplexState,
} from './state.ts'
import { leaveView } from './timers.ts'
import type { HaltCode, Refusal, Verdict } from './types.ts'

/** Whether a header can stand in this epoch at all: its place follows from its height (S9). */
export const fitsEpoch = (s: SimplexState, { header }: Block): boolean =>
  header.epoch === s.set.epoch &&
  header.height > s.head.block.header.height &&
  epochOf(header.height, s.options) === s.set.epoch

/**
 * Holds a block whose hash the caller has reason to want: its leader signed it, or a quorum did. The notarization of its
 * parent becomes ours.
 * @returns false when the body is not the one under the hash
 */
export function holdBlock(s: SimplexState, block: Block): boolean {
  if (heldBlock(s, block.hash) !== undefined) return true
  const { parentCertificateHash } = block.header
  if (!equalBytes(parentCertificateHash, certificateHash(block.parentCertificate))) return false
  if (!s.options.checkBody(block)) return false
  const isSound = fitsEpoch(s, block) && learnParent(s, block)
  s.blocks.set(hexKey(block.hash), { block, status: isSound ? 'held' : 'invalid', isPersisted: false })
  return true
}

/** The parent's notarization inside the block, verified unless the parent is known to be notarised. */
function learnParent(s: SimplexState, block: Block): boolean {
  const { parentHash, view } = block.header
  // On the head, whose epoch may be over, the host checks the certificate against the set it was made by.
  if (isHead(s, parentHash)) return true
  const certificate = block.parentCertificate
  if (certificate === undefined || certificate.kind !== 'notarize' || certificate.epoch !== s.set.epoch) return false
  if (!equalBytes(certificate.blockHash, parentHash) || certificate.view >= view) return false
  // Beside the final chain: a losing branch, or a conflict that the commit will find.
  if (certificate.view <= s.finalView) return false
  if (s.notarized.has(hexKey(parentHash))) return true
  if (!verifyCertificate(certificate, s.set, s.options.genesisHash, s.options.scheme)) return false
  s.formed.push(certificate)
  return true
}

/** Answer to `fetchBlock`. Ignored unless wanted: only quorums decide what takes room here. */
export function takeFetchedBlock(s: SimplexState, block: Block): Refusal | undefined {
  if (!isCertified(s, block.hash) || heldBlock(s, block.hash) !== undefined) return { ignored: 'BLOCK_UNWANTED' }
  return holdBlock(s, block) ? undefined : { rejected: 'BLOCK_BODY' }
}

/** S8: certified blocks that are not here. Parents become certified by the blocks that carry their notarization. */
export function fetchMissing(s: SimplexState): void {
  if (s.blocks.size >= MAX_HELD_BLOCKS) return
  const certificates = [...s.notarized.values()].reverse()
  if (s.finalization !== undefined) certificates.unshift(s.finalization)
  let fetches = 0
  for (const { blockHash, signers } of certificates) {
    const key = `block/${hexKey(blockHash)}`
    if (heldBlock(s, blockHash) !== undefined || isHead(s, blockHash) || s.asked.has(key)) continue
    if (++fetches > MAX_FETCHES) return
    s.asked.add(key)
    emit(s, { type: 'fetchBlock', hash: blockHash, hints: signerIndexes(signers) })
  }
}

/**
 * S8: asks for certificates of views that we passed without seeing all that others saw. Once in D: while an answer comes in, the
 * first view that is missing moves up through what it covers.
 */
export function fetchCertificates(s: SimplexState, fromView: number, toView: number): void {
  if (s.askedViews.some(({ from, to }) => fromView >= from && fromView <= to)) return
  s.askedViews.push({ from: fromView, to: Math.min(toView, fromView + VIEWS_PER_ANSWER - 1) })
  const hints = s.enteredBy?.epoch === s.set.epoch ? signerIndexes(s.enteredBy.signers) : []
  emit(s, { type: 'fetchCertificates', epoch: s.set.epoch, fromView, toView, hints })
}

/**
 * Has the host execute what is certified or proposed in this view, parents first.
 * @param proposed the block proposed in the present view, if any
 */
export function validateNext(s: SimplexState, proposed: Hash | undefined): boolean {
  let isProgress = false
  for (const held of s.blocks.values()) {
    const { block } = held
    if (held.status !== 'held') continue
    const isWanted = isCertified(s, block.hash) || (proposed !== undefined && equalBytes(block.hash, proposed))
    if (!isWanted) continue
    if (heldBlock(s, block.header.parentHash)?.status === 'invalid') {
      held.status = 'invalid'
      isProgress = true
    } else if (isValidBlock(s, block.header.parentHash) && !s.asked.has(`retry/${hexKey(block.hash)}`)) {
      held.status = 'asked'
      isProgress = true
      emit(s, { type: 'validate', block })
    }
  }
  return isProgress
}

export function onValidated(s: SimplexState, hash: Hash, verdict: Verdict): void {
  const held = heldBlock(s, hash)
  if (held === undefined || held.status !== 'asked') return
  if (verdict === 'retry') {
    held.status = 'held'
    s.asked.add(`retry/${hexKey(hash)}`)
    return
  }
  held.status = verdict
  if (verdict === 'valid') persistBlock(s, held)
}

/** S7: the body is on disk before a vote that relies on it. */
function persistBlock(s: SimplexState, held: HeldBlock): void {
  if (held.isPersisted) return
  held.isPersisted = true
  emit(s, { type: 'persist', record: { type: 'block', block: held.block } })
}

/** The newest notarised block that was executed is the tip: what `latest` means outside. */
export function moveTip(s: SimplexState): boolean {
  let best: Certificate | undefined
  for (const certificate of s.notarized.values()) {
    if (certificate.view > (best?.view ?? s.tipView) && isValidBlock(s, certificate.blockHash)) best = certificate
  }
  if (best === undefined) return false
  s.tipView = best.view
  if (equalBytes(best.blockHash, s.tipHash)) return false
  s.tipHash = best.blockHash
  emit(s, { type: 'notarized', certificate: best })
  return true
}

/** Blocks from the one above the head up to `hash`; nothing while one of them is missing or not executed. */
function pathFromHead(s: SimplexState, hash: Hash): Block[] | undefined {
  const path: Block[] = []
  let next = hash
  while (!isHead(s, next)) {
    const held = heldBlock(s, next)
    if (held === undefined) return undefined
    if (isBesideHead(s, held.block)) return haltOn(s, 'FINAL_CONFLICT', held.block)
    path.push(held.block)
    next = held.block.header.parentHash
  }
  path.reverse()
  const invalid = path.find((block) => heldBlock(s, block.hash)?.status === 'invalid')
  if (invalid !== undefined) return haltOn(s, 'FINAL_INVALID', invalid)
  return path.every((block) => isValidBlock(s, block.hash)) ? path : undefined
}

/** No chain from this block can reach the head: it stands too low, or on a block of a view that is final otherwise. */
const isBesideHead = (s: SimplexState, { header, parentCertificate }: Block): boolean =>
  header.height <= s.head.block.header.height ||
  (!isHead(s, header.parentHash) && (parentCertificate === undefined || parentCertificate.view <= s.finalView))

function haltOn(s: SimplexState, code: HaltCode, block: Block): undefined {
  const what = code === 'FINAL_CONFLICT' ? 'is final beside our final chain' : 'is final but not valid here'
  const { height } = block.header
  halt(s, code, `block ${hexKey(block.hash)} at height ${height} ${what}; stop and compare with other operators`)
}

/** S6: commits the newest finalization as soon as its blocks are executed and its notarization, which the next block carries, is here. */
export function finalise(s: SimplexState): boolean {
  const finalization = s.finalization
  if (finalization === undefined) return false
  noteDistance(s, finalization.blockHash)
  const blocks = pathFromHead(s, finalization.blockHash)
  const last = blocks?.at(-1)
  if (blocks === undefined || last === undefined) return false
  const notarization = notarizationOf(s, last.hash)
  if (notarization === undefined) {
    fetchCertificates(s, finalization.view, finalization.view)
    return false
  }
  const endsEpoch = isEpochEnd(s, last)
  const head = { block: last, notarization, finalization }
  emit(s, { type: 'finalized', blocks, notarization, finalization, endsEpoch })
  const votes = s.views.get(notarization.view)?.votes.notarize ?? new Map()
  s.headVotes = { set: s.set, votes }
  settleHead(s, head)
  if (endsEpoch) {
    // S9: nothing is said in this epoch any more; the next one starts with its set.
    leaveView(s)
    s.enteredBy = finalization
    s.phase = 'handover'
  }
  return true
}

/** Moves the head within the epoch and forgets what it decided: earlier views and losing branches. */
export function settleHead(s: SimplexState, head: SimplexState['head']): void {
  s.head = head
  s.finalView = head.finalization?.view ?? -1
  if (s.finalization !== undefined && s.finalization.view <= s.finalView) s.finalization = undefined
  for (const view of s.views.keys()) if (view <= s.finalView) s.views.delete(view)
  for (const [key, { view }] of s.notarized) if (view <= s.finalView) s.notarized.delete(key)
  for (const [key, { block }] of s.blocks) {
    if (block.header.view <= s.finalView || block.header.height <= head.block.header.height) s.blocks.delete(key)
  }
  if (s.tipView <= s.finalView) {
    s.tipView = s.finalView
    s.tipHash = head.block.hash
  }
}

/** A chain of certified blocks far above the head: better synced than walked. */
function noteDistance(s: SimplexState, hash: Hash): void {
  const held = heldBlock(s, hash)
  if (held === undefined || held.block.header.height <= s.head.block.header.height + SYNC_BLOCKS) return
  noteLagging(s, s.set.epoch, undefined)
}
