import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { traceBlock } from '../../trace/trace-block.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'

/** What the transaction burned besides its gas: the block is executed again up to it. */
async function slashedWei(source: DatasetSource, height: number, index: number): Promise<bigint> {
  const { block, transactions } = source.block(height)
  const parent = source.block(height - 1).block
  const input = { block, parent, transactions, state: source.state(height - 1), rules: source.rules }
  const traced = await traceBlock(input, { from: index, count: 1 })
  return traced.transactions[0]?.action.burnedWei ?? 0n
}

export const evidence = defineDataset({
  name: 'evidence',
  version: 1,
  about: 'one row for each SUBMIT_EVIDENCE in a block, accepted or not',
  columns: {
    height: integer('of its block'),
    index: integer('of its transaction in the block'),
    timestamp_ms: integer('of its block, Unix milliseconds'),
    transaction_hash: text('keccak256 of the envelope'),
    reporter: text('who sent it'),
    validator: text('accused'),
    evidence_epoch: integer('of both messages'),
    evidence_view: integer('of both messages'),
    first_type: text('proposal, notarize, nullify or finalize'),
    first_block_hash: text('32 zero bytes for nullify'),
    second_type: text('proposal, notarize, nullify or finalize'),
    second_block_hash: text('32 zero bytes for nullify'),
    slashed_wei: amount('burned from stake, delegations and unbonding; 0 when not accepted'),
    accepted: integer('1 or 0'),
    error: text.orNull('stable code of why it was not accepted'),
  },
  async *rows(source: DatasetSource, { from, to }) {
    for (let height = Math.max(1, from); height <= to; height++) {
      const { block, transactions, receipts } = source.block(height)
      for (const [index, { action, hash, from: reporter }] of transactions.entries()) {
        if (action.kind !== 'SUBMIT_EVIDENCE') continue
        const { status, error } = receipts[index]!
        yield {
          height,
          index,
          timestamp_ms: block.header.timestampMs,
          transaction_hash: toHex(hash),
          reporter: formatAddress(reporter),
          validator: formatAddress(action.validator),
          evidence_epoch: action.epoch,
          evidence_view: action.view,
          first_type: action.first.type,
          first_block_hash: toHex(action.first.blockHash),
          second_type: action.second.type,
          second_block_hash: toHex(action.second.blockHash),
          slashed_wei: status === 1 ? await slashedWei(source, height, index) : 0n,
          accepted: status,
          error: error ?? null,
        }
      }
    }
  },
})
