/** The block at which a joining node's chain begins, with all that a store keeps of a final block. */
import { certificateHash, verifyCertificate } from '../../consensus/certificate.ts'
import type { Block, Certificate, Header, VoteKind } from '../../consensus/types.ts'
import { checkBody } from '../../consensus/validate.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { positionOf, TREE_DEPTH } from '../../core/smt/index.ts'
import type { PeerId } from '../../p2p/transport.ts'
import { receiptRoot } from '../../vm/execution/receipt.ts'
import { epochSets } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { type ValidatorSet, validatorsHash } from '../../vm/validator-set.ts'
import type { SignaturePool } from '../ingest/signature-pool.ts'
import type { SnapshotBlock } from '../storage/snapshot-store.ts'
import { type AskModules, ask } from './snapshot-ask.ts'

/** Known to be final. */
export interface TrustedBlock {
  readonly header: Header
  readonly hash: Hash
}

export interface HeadModules extends AskModules {
  readonly genesisHash: Hash
  readonly bls: BlsScheme
  readonly signatures: Pick<SignaturePool, 'recoverBlock'>
}

/** Undefined when the peer does not have it, does not answer, or lied. */
export async function fetchHead(
  peer: PeerId,
  trusted: TrustedBlock,
  modules: HeadModules,
): Promise<SnapshotBlock | undefined> {
  const fromHeight = trusted.header.height
  const range = await ask(peer, { type: 'range', fromHeight, count: 1 }, modules)
  const { block, notarization, finalization } = range?.blocks[0] ?? {}
  if (block === undefined) return undefined
  if (!equalBytes(block.hash, trusted.hash) || !isWhole(block)) return lied(peer, 'BLOCK_BODY', modules)
  // An epoch's last block is final by itself: nobody enters the next one before.
  if (notarization === undefined || finalization === undefined) return undefined
  const set = await fetchSet(peer, trusted.header, modules)
  if (set === undefined) return undefined
  const isCertified =
    proves('notarize', notarization, block, set, modules) && proves('finalize', finalization, block, set, modules)
  if (!isCertified) return lied(peer, 'CERTIFICATE_INVALID', modules)
  const receipts = (await ask(peer, { type: 'receipts', fromHeight, count: 1 }, modules))?.blocks[0]
  if (receipts === undefined) return undefined
  if (!equalBytes(receiptRoot(receipts), block.header.receiptRoot)) return lied(peer, 'RECEIPTS_INVALID', modules)
  const transactions = await sendersOf(block, modules.signatures)
  return transactions === undefined ? undefined : { block, transactions, receipts, notarization, finalization }
}

/** The transactions of a final block. Undefined when this node is too busy, or closing: in a final block all are valid. */
export async function sendersOf(
  block: Block,
  signatures: Pick<SignaturePool, 'recoverBlock'>,
): Promise<readonly Transaction[] | undefined> {
  const recovered = await signatures.recoverBlock(block.transactions)
  const transactions = recovered.flatMap((answer) => (answer.ok ? [answer.value] : []))
  return transactions.length === recovered.length ? transactions : undefined
}

/** Body and parent's certificate are those that the header commits to. */
export const isWhole = (block: Block): boolean =>
  checkBody(block) === undefined &&
  equalBytes(certificateHash(block.parentCertificate), block.header.parentCertificateHash)

export const proves = (
  kind: VoteKind,
  certificate: Certificate,
  { hash }: Block,
  set: ValidatorSet,
  { genesisHash, bls }: Pick<HeadModules, 'genesisHash' | 'bls'>,
): boolean =>
  certificate.kind === kind &&
  equalBytes(certificate.blockHash, hash) &&
  verifyCertificate(certificate, set, genesisHash, bls)

/** The set of a final header's epoch: one record of the state after it, which the header names by its hash. */
async function fetchSet(peer: PeerId, header: Header, modules: HeadModules): Promise<ValidatorSet | undefined> {
  const key = treeKeyOf(epochSets, header.epoch)
  const position = positionOf(key, TREE_DEPTH)
  const answer = await ask(peer, { type: 'chunk', height: header.height, position }, modules)
  if (answer?.chunk.kind !== 'records') return undefined
  const record = answer.chunk.records[0]
  const set = record === undefined ? undefined : decodeSet(record.value)
  if (set === undefined || !equalBytes(validatorsHash(set), header.validatorsHash)) {
    return lied(peer, 'CHUNK_INVALID', modules)
  }
  return set
}

export function decodeSet(bytes: Uint8Array): ValidatorSet | undefined {
  try {
    return epochSets.decode(bytes)
  } catch (error) {
    if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') return undefined
    throw error
  }
}

function lied(peer: PeerId, code: string, { transport }: HeadModules): undefined {
  transport.blame(peer, code)
}
