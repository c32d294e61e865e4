/** S7 after a restart: the journal is what was promised. What it holds is sent again; nothing else is signed against it. */
import { hexKey } from '../../core/bytes.ts'
import type { Block } from '../types.ts'
import { fitsEpoch } from './blocks.ts'
import { rememberCertificate, voteFinalize } from './certificates.ts'
import { resend } from './resend.ts'
import { type SimplexState, viewAt } from './state.ts'
import { enterView, startResendTimer } from './timers.ts'
import type { JournalRecord } from './types.ts'

/** Takes up the journal. Our own disk is trusted: signatures on it were checked before they were written. */
export function restore(s: SimplexState, records: readonly JournalRecord[]): void {
  for (const record of records) {
    switch (record.type) {
      case 'vote': {
        const { vote } = record
        // A key that changed its place in the set, or journals of another key: not ours to stand by.
        if (!isOpen(s, vote.epoch, vote.view) || vote.validator !== s.me) break
        viewAt(s, vote.view).votes[vote.kind].set(vote.validator, { vote, isVerified: true, from: undefined })
        s.view = Math.max(s.view, vote.view)
        break
      }
      case 'proposal': {
        const { epoch, view, block, signature } = record.proposal
        if (!isOpen(s, epoch, view)) break
        viewAt(s, view).proposal = { blockHash: block.hash, signature }
        restoreBlock(s, block)
        s.view = Math.max(s.view, view)
        break
      }
      case 'block':
        restoreBlock(s, record.block)
        break
      case 'certificate': {
        const { certificate } = record
        if (!isOpen(s, certificate.epoch, certificate.view)) break
        rememberCertificate(s, certificate)
        if (certificate.view >= s.view) {
          s.view = certificate.view + 1
          s.enteredBy = certificate
        }
        break
      }
    }
  }
}

const isOpen = (s: SimplexState, epoch: number, view: number): boolean => epoch === s.set.epoch && view > s.finalView

function restoreBlock(s: SimplexState, block: Block): void {
  if (!fitsEpoch(s, block) || block.header.view <= s.finalView) return
  // Executed again, for what execution gave was not kept.
  s.blocks.set(hexKey(block.hash), { block, status: 'held', isPersisted: true })
}

/** The first input: takes its place in the view that the head and the journal lead to. */
export function start(s: SimplexState): void {
  s.phase = 'running'
  enterView(s, s.view, s.enteredBy)
  startResendTimer(s)
  resend(s) // S8
  // S4 for notarizations that were written just before the end, their finalize vote not yet.
  for (const view of [...s.views.keys()].sort((a, b) => a - b)) if (s.me >= 0) voteFinalize(s, view)
}

/** The view a record is about. */
export function placeOf(record: JournalRecord): { readonly epoch: number; readonly view: number } {
  switch (record.type) {
    case 'vote':
      return record.vote
    case 'proposal':
      return record.proposal
    case 'block':
      return record.block.header
    case 'certificate':
      return record.certificate
  }
}
