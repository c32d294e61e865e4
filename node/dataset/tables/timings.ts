import { defineDataset, flag, integer } from '../column.ts'
import type { DatasetSource } from '../source.ts'

/** Most blocks are finalised directly; an epoch's last one always is, so no search is longer than an epoch. */
function finalisedBy(source: DatasetSource, height: number): number | undefined {
  for (let by = height; by <= source.newest; by++) {
    if (source.certificates(by).finalization !== undefined) return by
  }
  return undefined
}

export const timings = defineDataset({
  name: 'timings',
  version: 1,
  about:
    'one row for each block from 1 on: how long after its parent it was made, and when it was final. A chain holds no ' +
    'times but those of its blocks; what a finalization took is bounded from above by the first block made on it',
  columns: {
    height: integer('of the block'),
    epoch: integer('of the block'),
    view: integer('of the block'),
    timestamp_ms: integer('Unix milliseconds, by the proposer’s clock'),
    interval_ms: integer('since the parent'),
    skipped_views: integer('between the parent’s view and its own: leaders that were missed'),
    finalised_directly: flag('whether a finalization names this block'),
    finalised_by_height: integer.orNull('the block whose finalization made it final; null: not final in this store'),
    finality_blocks: integer.orNull('finalised_by_height - height'),
    finality_ms: integer.orNull('from its timestamp to that of the block after finalised_by_height; null at the head'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = Math.max(1, from); height <= to; height++) {
      const { header } = source.block(height).block
      const parent = source.block(height - 1).block.header
      const isFirst = parent.height === 0 || parent.epoch !== header.epoch
      const by = finalisedBy(source, height)
      const after = by === undefined || by >= source.newest ? undefined : source.block(by + 1).block.header
      yield {
        height,
        epoch: header.epoch,
        view: header.view,
        timestamp_ms: header.timestampMs,
        interval_ms: header.timestampMs - parent.timestampMs,
        skipped_views: isFirst ? header.view : header.view - parent.view - 1,
        finalised_directly: by === height,
        finalised_by_height: by ?? null,
        finality_blocks: by === undefined ? null : by - height,
        finality_ms: after === undefined ? null : after.timestampMs - header.timestampMs,
      }
    }
  },
})
