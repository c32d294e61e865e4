/**
 * Blocks and everything that is kept beside them, height by height: each block is the child of the one below, its body and
 * receipts are those under its roots, its certificates were signed by the validators of their epoch, and the indexes name it,
 * nothing else, both ways.
 */

import { decodeBlock } from '../../../consensus/block.ts'
import {
  certificateFailure,
  certificateHash,
  decodeCertificate,
  encodeCertificate,
} from '../../../consensus/certificate.ts'
import { decodeHeader, headerHash } from '../../../consensus/header.ts'
import type { Block, Certificate, VoteKind } from '../../../consensus/types.ts'
import { checkBody } from '../../../consensus/validate.ts'
import { type Address, equalBytes, readU32, readU64, toHex } from '../../../core/bytes.ts'
import { messageOf } from '../../../core/errors.ts'
import { keccak256 } from '../../../core/hash.ts'
import { prefixRange } from '../../../core/kv.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../../../core/rlp.ts'
import { computeRoot } from '../../../vm/compute-root.ts'
import { decodeReceipt, receiptRoot } from '../../../vm/execution/receipt.ts'
import type { Receipt } from '../../../vm/execution/types.ts'
import { validatorsHash } from '../../../vm/validator-set.ts'
import { KEY, transactionPlace } from '../layout.ts'
import type { Checked } from './checked.ts'
import { countedTable } from './counted-table.ts'
import { keptSet } from './sets.ts'
import { VprogIndex } from './vprogs.ts'

const ADDRESS_BYTES = 20

interface Counts {
  blocks: number
  transactions: number
  finalizations: number
  notarizations: number
}

/** @returns the number of blocks and transactions checked */
export async function checkBlocks(checked: Checked): Promise<Counts> {
  const { held, head, progress } = checked
  const counts: Counts = { blocks: 0, transactions: 0, finalizations: 0, notarizations: 0 }
  const vprogs = new VprogIndex(checked)
  let below: Block | undefined
  for (let height = held.blocksFrom; height <= head; height++) {
    const block = readBlock(checked, height)
    if (block !== undefined) {
      counts.blocks++
      counts.transactions += block.transactions.length
      checkPlace(checked, block, height, below)
      const receipts = readReceipts(checked, block)
      if (receipts !== undefined) checkReceipts(checked, block, receipts)
      const senders = await checkSenders(checked, block)
      checkIndexes(checked, block)
      vprogs.checkBlock(block, senders, receipts)
      checkValidators(checked, block)
      checkCertificates(checked, block, below, counts)
    }
    below = block
    await progress.tick('blocks', height - held.blocksFrom + 1, head - held.blocksFrom + 1)
  }
  checkEpochEnds(checked)
  await checkRest(checked, counts)
  await vprogs.checkRest()
  return counts
}

function readBlock({ kv, faults }: Checked, height: number): Block | undefined {
  const key = KEY.block(height)
  const bytes = kv.get(key)
  if (bytes === undefined) {
    faults.add('block', key, `block ${height} is missing`, height)
    return undefined
  }
  try {
    return decodeBlock(bytes)
  } catch (error) {
    faults.add('block', key, `block ${height} cannot be read (${messageOf(error)})`, height)
    return undefined
  }
}

function checkPlace(
  { faults, genesis, kv, head }: Checked,
  block: Block,
  height: number,
  below: Block | undefined,
): void {
  const key = KEY.block(height)
  const wrong = (what: string): void => faults.add('block', key, `block ${height} ${what}`, height)
  const { header, hash } = block
  if (header.height !== height) wrong(`says that it is block ${header.height}`)
  if (height === 0 && !equalBytes(hash, genesis.block.hash)) wrong('is not the genesis block')
  if (below !== undefined && !equalBytes(header.parentHash, below.hash)) {
    const what = `block ${height - 1} is not the parent that block ${height} names`
    faults.add('block', KEY.block(height - 1), what, height - 1)
  }
  if (!equalBytes(header.parentCertificateHash, certificateHash(block.parentCertificate))) {
    wrong('carries another certificate than its header says')
  }
  // The header binds the body; what binds the header is the block above it, or the head.
  const body = checkBody(block)
  if (body !== undefined) wrong(`has another body than its header says (${body.code})`)
  const headHash = height === head ? kv.get(KEY.head)?.subarray(8) : undefined
  if (headHash !== undefined && !equalBytes(headHash, hash)) {
    faults.add('store', KEY.head, `the head names another block than the one at height ${height}`, height)
  }
}

function readReceipts({ kv, faults }: Checked, { header, transactions }: Block): readonly Receipt[] | undefined {
  const key = KEY.receipts(header.height)
  const bytes = kv.get(key)
  try {
    if (bytes === undefined) throw new Error('they are missing')
    const receipts = rlpList(decodeRlp(bytes), transactions.length).map((item) => decodeReceipt(rlpBytes(item)))
    if (equalBytes(receiptRoot(receipts), header.receiptRoot)) return receipts
    throw new Error('they have another receiptRoot')
  } catch (error) {
    faults.add('receipts', key, `receipts of block ${header.height}: ${messageOf(error)}`, header.height)
    return undefined
  }
}

/** Which results count follows from the receipts, so this is the root over what the block says that they are. */
function checkReceipts({ faults, decode }: Checked, block: Block, receipts: readonly Receipt[]): void {
  const { header, transactions } = block
  const results = transactions.flatMap((raw, i) => {
    if (receipts[i]?.status !== 1) return []
    const { action } = decode(raw)
    return action.kind === 'SUBMIT_RESULT' ? [action.result] : []
  })
  if (equalBytes(computeRoot(results), header.computeRoot) && results.length === header.resultCount) return
  faults.add('block', KEY.block(header.height), `block ${header.height} has another computeRoot`, header.height)
}

/** @returns who sent each, whatever is stored; undefined where a signature is not valid */
async function checkSenders(
  { kv, faults, recover }: Checked,
  { header, transactions }: Block,
): Promise<readonly (Address | undefined)[]> {
  const key = KEY.senders(header.height)
  const stored = kv.get(key)
  const wrong = (what: string): void =>
    faults.add('index', key, `senders of block ${header.height}: ${what}`, header.height)
  const senders = await recover(transactions)
  const isWhole = stored?.length === transactions.length * ADDRESS_BYTES
  if (stored === undefined) wrong('they are missing')
  else if (!isWhole) wrong('there are not as many as transactions')
  for (const [i, sender] of senders.entries()) {
    if (sender === undefined) {
      const what = `block ${header.height}: the signature of transaction ${i} is not valid`
      faults.add('block', KEY.block(header.height), what, header.height)
    } else if (isWhole && !equalBytes(sender, stored.subarray(i * ADDRESS_BYTES, (i + 1) * ADDRESS_BYTES))) {
      wrong(`transaction ${i} was sent by ${toHex(sender)}`)
    }
  }
  return senders
}

function checkIndexes({ kv, faults }: Checked, { hash, header, transactions }: Block): void {
  const { height } = header
  const named = kv.get(KEY.blockHeight(hash))
  if (named === undefined || named.length !== 8 || readU64(named) !== height) {
    faults.add('index', KEY.blockHeight(hash), `the hash of block ${height} does not lead to it`, height)
  }
  for (const [i, raw] of transactions.entries()) {
    const key = KEY.transaction(keccak256(raw))
    const place = kv.get(key)
    if (place === undefined || !equalBytes(place, transactionPlace(height, i))) {
      faults.add('index', key, `the hash of transaction ${i} of block ${height} does not lead to it`, height)
    }
  }
}

function checkValidators({ faults, setOf }: Checked, { header }: Block): void {
  const set = setOf(header.epoch)
  if (set === undefined || equalBytes(validatorsHash(set), header.validatorsHash)) return
  const what = `block ${header.height} names another validator set of epoch ${header.epoch} than the state`
  faults.add('block', KEY.block(header.height), what, header.height)
}

function checkCertificates(checked: Checked, block: Block, below: Block | undefined, counts: Counts): void {
  const { kv, faults, head } = checked
  const { height } = block.header
  const notarization = checkCertificate(checked, 'notarize', KEY.notarization(height), block)
  const finalization = checkCertificate(checked, 'finalize', KEY.finalization(height), block)
  if (notarization !== undefined) counts.notarizations++
  if (finalization !== undefined) counts.finalizations++
  if (height > 0 && notarization === undefined && kv.get(KEY.notarization(height)) === undefined) {
    faults.add('block', KEY.notarization(height), `block ${height} has no notarization`, height)
  }
  if (height > 0 && height === head && finalization === undefined && kv.get(KEY.finalization(height)) === undefined) {
    faults.add('block', KEY.finalization(height), `block ${height} is the head and has no finalization`, height)
  }
  // Mostly the very bytes that are stored as the notarization of the block below.
  const carried = block.parentCertificate
  if (carried === undefined || below === undefined) return
  const stored = kv.get(KEY.notarization(height - 1))
  if (stored !== undefined && equalBytes(stored, encodeRlp(encodeCertificate(carried)))) return
  const why = wrongCertificate(checked, 'notarize', carried, below)
  if (why !== undefined)
    faults.add('block', KEY.block(height), `block ${height}: the certificate of its parent ${why}`, height)
}

function checkCertificate(checked: Checked, kind: VoteKind, key: Uint8Array, block: Block): Certificate | undefined {
  const bytes = checked.kv.get(key)
  if (bytes === undefined) return undefined
  const { height } = block.header
  try {
    const certificate = decodeCertificate(decodeRlp(bytes))
    const why = wrongCertificate(checked, kind, certificate, block)
    if (why === undefined) return certificate
    checked.faults.add('block', key, `certificate (${kind}) of block ${height} ${why}`, height)
  } catch (error) {
    checked.faults.add(
      'block',
      key,
      `certificate (${kind}) of block ${height} cannot be read (${messageOf(error)})`,
      height,
    )
  }
  return undefined
}

function wrongCertificate(
  { genesis, scheme, setOf, unchecked }: Checked,
  kind: VoteKind,
  certificate: Certificate,
  { header, hash }: Block,
): string | undefined {
  const isOfBlock =
    certificate.kind === kind && certificate.epoch === header.epoch && equalBytes(certificate.blockHash, hash)
  if (!isOfBlock || certificate.view < header.view) return 'is about something else'
  const set = setOf(header.epoch)
  if (set === undefined) {
    unchecked.add(header.epoch)
    return undefined
  }
  const failure = certificateFailure(certificate, set, genesis.block.hash, scheme)
  return failure === undefined ? undefined : `does not verify (${failure.code})`
}

/** One for each epoch from that of the oldest block here; the headers that outlive their blocks are in order. */
function checkEpochEnds({ kv, faults, held, head, epochOf }: Checked): void {
  for (let height = held.blocksFrom; height <= head; height++) {
    const epoch = epochOf(height)
    if (height < head && epochOf(height + 1) === epoch) continue
    const end = kv.get(KEY.epochEnd(epoch))
    if (end === undefined || end.length !== 8 || readU64(end) !== height) {
      faults.add('index', KEY.epochEnd(epoch), `epoch ${epoch} does not end at block ${height}`, height)
    }
  }
}

/** What no block led to. */
async function checkRest(checked: Checked, counts: Counts): Promise<void> {
  const { kv, faults, held, head, epochOf } = checked
  const isHere = (height: number): boolean => height >= held.blocksFrom && height <= head
  const hashOfBlock = (height: number): Uint8Array | undefined => {
    try {
      const bytes = kv.get(KEY.block(height))
      return bytes === undefined ? undefined : decodeBlock(bytes).hash
    } catch {
      return undefined
    }
  }
  for (const table of [0x10, 0x12, 0x13, 0x15, 0x16]) {
    for await (const [key] of kv.entries(prefixRange(Uint8Array.of(table)))) {
      const height = key.length === 9 ? readU64(key, 1) : -1
      if (isHere(height)) continue
      // The finalization of an epoch's last block outlives it.
      const end = table === 0x16 && height >= 0 ? kv.get(KEY.epochEnd(epochOf(height))) : undefined
      if (end === undefined || readU64(end) !== height) faults.add('stray', key, 'belongs to no block that is here')
    }
  }
  await countedTable(checked, 0x11, counts.blocks, (key, value) => {
    const height = value.length === 8 ? readU64(value) : -1
    const hash = isHere(height) ? hashOfBlock(height) : undefined
    return hash !== undefined && equalBytes(hash, key.subarray(1))
  })
  await countedTable(checked, 0x14, counts.transactions, (key, value) => {
    const height = value.length === 12 ? readU64(value) : -1
    if (!isHere(height)) return false
    try {
      const raw = decodeBlock(kv.get(KEY.block(height))!).transactions[readU32(value, 8)]
      return raw !== undefined && equalBytes(keccak256(raw), key.subarray(1))
    } catch {
      return false
    }
  })
  for await (const [key, value] of kv.entries(prefixRange(Uint8Array.of(0x17)))) {
    const height = key.length === 9 && value.length === 8 ? readU64(value) : -1
    const isEnd = height >= 0 && height <= head && epochOf(height) === readU64(key, 1)
    if (!isEnd) faults.add('index', key, 'is not the end of an epoch')
  }
  await checkEdges(checked)
  for await (const [key] of kv.entries(prefixRange(Uint8Array.of(0x19)))) {
    const isWhole = key.length === 9 && keptSet(kv, readU64(key, 1), checked.params) !== undefined
    if (!isWhole) faults.add('stray', key, 'is no validator set with its proof')
  }
}

/** Of a header that outlived its block: its finalization outlived it too. */
function checkFinality(checked: Checked, block: Block): void {
  const key = KEY.finalization(block.header.height)
  if (checked.kv.get(key) === undefined) {
    checked.faults.add('block', key, `the last block of epoch ${block.header.epoch} has no finalization`)
  } else if (checkCertificate(checked, 'finalize', key, block) === undefined) {
    const { epoch } = block.header
    checked.faults.add(
      'stray',
      KEY.edgeHeader(epoch),
      `nothing makes the header of the last block of epoch ${epoch} final`,
    )
  }
}

/** Headers that outlived their blocks: finalised by the validators of their epoch, where those are known. */
async function checkEdges(checked: Checked): Promise<void> {
  const { kv, faults } = checked
  for await (const [key, value] of kv.entries(prefixRange(Uint8Array.of(0x18)))) {
    const epoch = readU64(key, 1)
    try {
      const header = decodeHeader(decodeRlp(value))
      const end = kv.get(KEY.epochEnd(epoch))
      if (end === undefined || readU64(end) !== header.height || header.epoch !== epoch) {
        throw new Error('it is not the last of its epoch')
      }
      const block = { header, hash: headerHash(header), transactions: [], parentCertificate: undefined }
      if (header.height < checked.held.blocksFrom) checkFinality(checked, block)
    } catch (error) {
      faults.add('stray', key, `header of the last block of epoch ${epoch}: ${messageOf(error)}`)
    }
  }
}
