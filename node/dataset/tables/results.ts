import { formatAddress } from '../../../core/address.ts'
import type { Address } from '../../../core/bytes.ts'
import { toHex } from '../../../core/bytes.ts'
import { registeredValidator } from '../../../vm/compute/registration.ts'
import { unpackNonce } from '../../../vm/compute/ticket.ts'
import { formatUuid } from '../../../vm/compute-root.ts'
import { workers } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'

/** A registration takes effect an epoch later, so the one before the block is the one in force in it. */
function creditedTo(source: DatasetSource, worker: Address, height: number, epoch: number): string | null {
  const record = readRecord(source.state(height - 1), workers, worker)
  const validator = record && registeredValidator(record, epoch)
  return validator === undefined ? null : formatAddress(validator)
}

export const results = defineDataset({
  name: 'results',
  version: 1,
  about: 'one row for each SUBMIT_RESULT in a block, accepted or not',
  columns: {
    height: integer('of its block'),
    index: integer('of its transaction in the block'),
    epoch: integer('that it counts in'),
    timestamp_ms: integer('of its block, Unix milliseconds'),
    transaction_hash: text('keccak256 of the envelope'),
    worker: text('who computed and sent it'),
    validator: text.orNull('that the work is credited to; null: none registered, or not accepted'),
    challenge_type: text('synthetic'),
    task_id: text('UUID of the attempt'),
    seed_height: integer('whose block hash seeds the matrices'),
    age_blocks: integer('height - seed_height'),
    matrix_size: integer('n: rows of the square matrices'),
    attempt: integer.orNull('null where the nonce names no tile'),
    tile: integer.orNull('null where the nonce names no tile'),
    result_hash: text('ticket as claimed'),
    work_macs: amount('multiply-accumulates it counts for: D of its seed’s epoch; 0 when not accepted'),
    accepted: integer('1 or 0'),
    error: text.orNull('stable code of why it was not accepted'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = Math.max(1, from); height <= to; height++) {
      const { block, transactions, receipts } = source.block(height)
      const { epoch, timestampMs } = block.header
      for (const [index, { action, hash, from: worker }] of transactions.entries()) {
        if (action.kind !== 'SUBMIT_RESULT') continue
        const { status, error } = receipts[index]!
        const isAccepted = status === 1
        const place = unpackNonce(action.result.nonce, action.matrixSize)
        yield {
          height,
          index,
          epoch,
          timestamp_ms: timestampMs,
          transaction_hash: toHex(hash),
          worker: formatAddress(worker),
          validator: isAccepted ? creditedTo(source, worker, height, epoch) : null,
          challenge_type: action.challengeType,
          task_id: formatUuid(action.result.taskId),
          seed_height: action.seedHeight,
          age_blocks: height - action.seedHeight,
          matrix_size: action.matrixSize,
          attempt: place?.attempt ?? null,
          tile: place?.tile ?? null,
          result_hash: toHex(action.result.resultHash),
          work_macs: isAccepted ? source.difficultyAt(action.seedHeight) : 0n,
          accepted: status,
          error: error ?? null,
        }
      }
    }
  },
})
