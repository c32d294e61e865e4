import { formatAddress } from '../../../core/address.ts'
import { type Address, hexKey } from '../../../core/bytes.ts'
import { registeredValidator } from '../../../vm/compute/registration.ts'
import { workers as records } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'
import { type EpochEnd, epochEnds } from './epoch-ends.ts'

interface Work {
  readonly worker: Address
  results: number
  refused: number
  workMacs: bigint
}

/** At most epochBlocks * maxResultsPerBlock workers have a result in an epoch. */
function workOf(source: DatasetSource, { first, last }: EpochEnd): Map<string, Work> {
  const work = new Map<string, Work>()
  for (let height = first; height <= last; height++) {
    const { transactions, receipts } = source.block(height)
    for (const [index, { action, from: worker }] of transactions.entries()) {
      if (action.kind !== 'SUBMIT_RESULT') continue
      const id = hexKey(worker)
      const done = work.get(id) ?? { worker, results: 0, refused: 0, workMacs: 0n }
      work.set(id, done)
      if (receipts[index]!.status === 1) {
        done.results++
        done.workMacs += source.difficultyAt(action.seedHeight)
      } else done.refused++
    }
  }
  return work
}

export const workers = defineDataset({
  name: 'workers',
  version: 1,
  about: 'one row for each epoch and worker that submitted a result in it',
  columns: {
    epoch: integer('the row is about; whole, whatever block the range begins with'),
    height: integer('after which the row is taken: the epoch’s last, or the end of the range'),
    worker: text('address'),
    validator: text.orNull('that its work counts for in this epoch'),
    results: integer('accepted in this epoch'),
    refused: integer('failed in this epoch'),
    work_macs: amount('verified in this epoch'),
    total_results: integer('accepted so far'),
    total_work_macs: amount('verified so far'),
    total_paid_wei: amount('paid so far; an epoch is paid during the next ones'),
  },
  *rows(source: DatasetSource, range) {
    for (const end of epochEnds(source, range)) {
      const state = source.state(end.last)
      const work = workOf(source, end)
      for (const id of [...work.keys()].sort()) {
        const { worker, results, refused, workMacs } = work.get(id)!
        const record = readRecord(state, records, worker)
        const validator = record && registeredValidator(record, end.epoch)
        yield {
          epoch: end.epoch,
          height: end.last,
          worker: formatAddress(worker),
          validator: validator === undefined ? null : formatAddress(validator),
          results,
          refused,
          work_macs: workMacs,
          total_results: record?.results ?? 0,
          total_work_macs: record?.workMacs ?? 0n,
          total_paid_wei: record?.paidWei ?? 0n,
        }
      }
    }
  },
})
