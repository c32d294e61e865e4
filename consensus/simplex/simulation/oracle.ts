/**
 * What must hold in every run, checked from outside on what nodes do, with code of its own:
 *
 *   - no two final blocks at a height, each on its parent
 *   - no honest validator signs two statements that conflict, nor notarises or finalises after it nullified
 *   - what an honest validator sends was on its disk, with the body that a notarize vote relies on
 *   - only byzantine validators are accused, only byzantine senders rejected, and nobody halts
 */
import { hexKey } from '../../../core/bytes.ts'
import type { Message } from '../../types.ts'
import type { Evidence, JournalRecord, Output } from '../types.ts'
import { checkBody } from './network.ts'

type Finalized = Extract<Output, { readonly type: 'finalized' }>

export class Oracle {
  readonly #final = new Map<number, string>()
  readonly #signed = new Map<string, string>()
  readonly violations: string[] = []
  readonly accused = new Set<string>()

  #fail(what: string): void {
    this.violations.push(what)
  }

  onFinalized(node: string, { blocks }: Finalized, headHash: string, headHeight: number): void {
    let parent = headHash
    let height = headHeight
    for (const block of blocks) {
      const { hash, header } = block
      height++
      if (!checkBody(block)) this.#fail(`${node} finalised a body that is not the header's at ${height}`)
      if (header.height !== height) this.#fail(`${node} finalised height ${header.height} instead of ${height}`)
      if (hexKey(header.parentHash) !== parent) this.#fail(`${node} finalised ${height} on another parent`)
      parent = hexKey(hash)
      const other = this.#final.get(height)
      if (other !== undefined && other !== parent) this.#fail(`two final blocks at height ${height}`)
      this.#final.set(height, parent)
    }
  }

  /** What an honest validator sends of its own. */
  onSent(node: string, message: Message, disk: readonly JournalRecord[]): void {
    if (message.type === 'certificate') return
    const isProposal = message.type === 'proposal'
    const kind = isProposal ? 'proposal' : message.vote.kind
    const { epoch, view } = isProposal ? message.proposal : message.vote
    const hash = hexKey(isProposal ? message.proposal.block.hash : message.vote.blockHash)
    const at = `${node}/${epoch}/${view}`
    const before = this.#signed.get(`${at}/${kind}`)
    if (before !== undefined && before !== hash) this.#fail(`${at} signed two ${kind} statements`)
    if (before === undefined) {
      const isNullified = this.#signed.has(`${at}/nullify`)
      if (kind === 'nullify' && this.#signed.has(`${at}/finalize`)) this.#fail(`${at} nullified after finalize`)
      if ((kind === 'notarize' || kind === 'finalize') && isNullified) this.#fail(`${at} voted ${kind} after nullify`)
      this.#signed.set(`${at}/${kind}`, hash)
      this.#checkDisk(at, kind, hash, view, disk)
    }
  }

  #checkDisk(at: string, kind: string, hash: string, view: number, disk: readonly JournalRecord[]): void {
    const isWritten = disk.some((record) =>
      kind === 'proposal'
        ? record.type === 'proposal' && record.proposal.view === view && hexKey(record.proposal.block.hash) === hash
        : record.type === 'vote' && record.vote.kind === kind && record.vote.view === view,
    )
    if (!isWritten) this.#fail(`${at} sent a ${kind} that is not on its disk`)
    const hasBody = disk.some((record) => {
      const block =
        record.type === 'block' ? record.block : record.type === 'proposal' ? record.proposal.block : undefined
      return block !== undefined && hexKey(block.hash) === hash
    })
    if (kind === 'notarize' && !hasBody) this.#fail(`${at} notarised a block whose body is not on its disk`)
    const hasNotarization = disk.some(
      (record) =>
        record.type === 'certificate' && record.certificate.kind === 'notarize' && record.certificate.view === view,
    )
    if (kind === 'finalize' && !hasNotarization) this.#fail(`${at} finalised without the notarization on its disk`)
  }

  onAccused(by: string, evidence: Evidence, isByzantine: boolean): void {
    const { first, second, epoch, view } = evidence
    this.accused.add(hexKey(evidence.validator))
    const what = `${first.type}+${second.type} in ${epoch}/${view}`
    if (!isByzantine) this.#fail(`${by} accused an honest validator of ${what}`)
    const isDouble = first.type === second.type && hexKey(first.blockHash) !== hexKey(second.blockHash)
    const types = [first.type, second.type].sort().join('+')
    const isNamed = isDouble ? ['notarize', 'proposal'].includes(first.type) : types === 'finalize+nullify'
    if (!isNamed) this.#fail(`${by} calls ${what} misbehaviour`)
  }

  onRejected(by: string, from: string, code: string): void {
    this.#fail(`${by} rejected honest ${from}: ${code}`)
  }

  onHalt(node: string, message: string): void {
    this.#fail(`${node} halted: ${message}`)
  }

  /** Newest final height of the run. */
  get height(): number {
    return Math.max(0, ...this.#final.keys())
  }
}
