import { blockSize } from '../../../consensus/block.ts'
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { assert } from '../../../core/errors.ts'
import { emissionWei } from '../../../vm/rewards.ts'
import { supply } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'
import { feesOf } from './fees.ts'

/** Genesis mints nothing: what it holds was there before. */
function moneyAt(source: DatasetSource, height: number) {
  const after = readRecord(source.state(height), supply, undefined)
  const before = height === 0 ? after : readRecord(source.state(height - 1), supply, undefined)
  assert(after !== undefined && before !== undefined, 'the state has no supply', { height })
  return {
    minted_wei: after.minted - before.minted,
    burned_wei: after.burned - before.burned,
    supply_wei: after.genesis + after.minted - after.burned,
    carry_wei: after.carry,
    outputs_wei: after.outputs,
  }
}

export const blocks = defineDataset({
  name: 'blocks',
  version: 2,
  about: 'one row for each block',
  columns: {
    height: integer('0 is genesis'),
    hash: text('sha256 of the header'),
    parent_hash: text('32 zero bytes for genesis'),
    epoch: integer('set, difficulty and leaders change with it'),
    view: integer('in its epoch; greater than the parent’s by more than 1 where leaders were missed'),
    timestamp_ms: integer('Unix milliseconds, by the proposer’s clock'),
    proposer: text('owner of the validator that led the view'),
    transactions: integer('in the body'),
    failed_transactions: integer('of them, those with receipt status 0'),
    results: integer('compute results accepted'),
    size_bytes: integer('block with certificate, as sent'),
    gas_limit: integer('of a block'),
    gas_used: integer('by its transactions'),
    gram_used: integer('by its scripts and proofs'),
    base_fee_wei: amount('per gas, burned'),
    fees_burned_wei: amount('gas * base fee'),
    priority_fees_wei: amount('to the proposer'),
    difficulty_macs: amount('expected multiply-accumulates behind one result, D of the epoch'),
    emission_wei: amount('E(h): what the schedule gives this height'),
    minted_wei: amount('emission without the part of absent voters; DEV_SET_BALANCE counts too'),
    burned_wei: amount('fees, slashes and what DEV_SET_BALANCE took'),
    carry_wei: amount('remainders of division after the block, which the next one hands out'),
    outputs_wei: amount('in outputs that are not spent, after the block'),
    supply_wei: amount('all wei there are after the block'),
    state_root: text('after the block'),
    tx_root: text('Merkle root of the envelopes'),
    receipt_root: text('Merkle root of the receipts'),
    compute_root: text.orNull('Merkle root of the results; null without any'),
    seq_commit: text('commitment to all vProg lanes; 32 zero bytes until there are any'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = from; height <= to; height++) {
      const { block, receipts } = source.block(height)
      const { header } = block
      const { burnedWei, priorityWei } = feesOf(receipts, header.baseFeePerGas)
      yield {
        height,
        hash: toHex(block.hash),
        parent_hash: toHex(header.parentHash),
        epoch: header.epoch,
        view: header.view,
        timestamp_ms: header.timestampMs,
        proposer: formatAddress(header.proposer),
        transactions: receipts.length,
        failed_transactions: receipts.filter(({ status }) => status === 0).length,
        results: header.resultCount,
        size_bytes: blockSize(block),
        gas_limit: header.gasLimit,
        gas_used: header.gasUsed,
        gram_used: header.gramUsed,
        base_fee_wei: header.baseFeePerGas,
        fees_burned_wei: burnedWei,
        priority_fees_wei: priorityWei,
        difficulty_macs: header.difficulty,
        emission_wei: height === 0 ? 0n : emissionWei(height, source.params),
        ...moneyAt(source, height),
        state_root: toHex(header.stateRoot),
        tx_root: toHex(header.txRoot),
        receipt_root: toHex(header.receiptRoot),
        compute_root: header.computeRoot.length === 0 ? null : toHex(header.computeRoot),
        seq_commit: toHex(header.seqCommit),
      }
    }
  },
})
