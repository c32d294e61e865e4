import { formatAddress } from '../../../core/address.ts'
import { hexKey } from '../../../core/bytes.ts'
import { candidates, epochSets, epochValidators, validators as records } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { amount, defineDataset, flag, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'
import { epochEnds } from './epoch-ends.ts'

export const validators = defineDataset({
  name: 'validators',
  version: 1,
  about:
    'one row for each epoch and validator that is in its set or may be in a later one, after the epoch’s last block',
  columns: {
    epoch: integer('the row is about'),
    height: integer('after which the row is taken: the epoch’s last, or the end of the range'),
    validator: text('address of the owner'),
    name: text('as it calls itself'),
    in_set: flag('whether it votes and leads in this epoch'),
    power_wei: amount.orNull('voting power in this epoch; null outside the set'),
    weight: text.orNull('leader-election weight in this epoch, digits without bound; null outside the set'),
    total_weight: text.orNull('of the whole set'),
    tokens_wei: amount('bonded now, by owner and delegators'),
    commission_bps: integer('basis points'),
    open_to_workers: flag('whether workers may register with it'),
    jailed_until_epoch: integer.orNull('null: not jailed'),
    tombstoned: flag('equivocated, never elected again'),
    proposed_views: integer('leader views it used in this epoch'),
    missed_views: integer('leader views it missed in this epoch'),
    work_macs: amount('verified work credited to it in this epoch; decides the weights two epochs later'),
    rewards_owed_wei: amount('accrued and not claimed, commission included'),
    commission_owed_wei: amount('of it, the owner’s commission'),
  },
  *rows(source: DatasetSource, range) {
    for (const { epoch, last } of epochEnds(source, range)) {
      const state = source.state(last)
      const members = new Map(readRecord(state, epochSets, epoch)?.members.map((m) => [hexKey(m.address), m]))
      const listed = (readRecord(state, candidates, undefined) ?? []).map(({ owner }) => owner)
      const owners = new Map(
        [...[...members.values()].map(({ address }) => address), ...listed].map((o) => [hexKey(o), o]),
      )
      const totalWeight = [...members.values()].reduce((sum, { weight }) => sum + weight, 0n)
      for (const id of [...owners.keys()].sort()) {
        const owner = owners.get(id)!
        const record = readRecord(state, records, owner)
        if (record === undefined) continue
        const member = members.get(id)
        const done = readRecord(state, epochValidators, { epoch, validator: owner })
        yield {
          epoch,
          height: last,
          validator: formatAddress(owner),
          name: record.name,
          in_set: member !== undefined,
          power_wei: member?.power ?? null,
          weight: member?.weight.toString() ?? null,
          total_weight: member === undefined ? null : totalWeight.toString(),
          tokens_wei: record.tokens,
          commission_bps: record.commissionBps,
          open_to_workers: record.openToWorkers,
          jailed_until_epoch: record.jailedUntilEpoch === 0 ? null : record.jailedUntilEpoch,
          tombstoned: record.tombstoned,
          proposed_views: done?.proposedViews ?? 0,
          missed_views: done?.missedViews ?? 0,
          work_macs: done?.workMacs ?? 0n,
          rewards_owed_wei: record.rewardPot,
          commission_owed_wei: record.commissionAccrued,
        }
      }
    }
  },
})
