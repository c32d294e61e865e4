/** Datasets that have rows for epochs show each at its last block, and the one that is running at the end of the range. */
import { epochOf } from '../../../vm/params.ts'
import type { BlockRange } from '../column.ts'
import type { DatasetSource } from '../source.ts'

export interface EpochEnd {
  readonly epoch: number
  /** Of its first block. */
  readonly first: number
  /** Of the block after which it is shown. */
  readonly last: number
}

/** Genesis (height 0) belongs to no epoch of its own. */
export function* epochEnds({ params }: Pick<DatasetSource, 'params'>, { from, to }: BlockRange): Generator<EpochEnd> {
  if (to === 0) return
  for (let epoch = epochOf(Math.max(1, from), params); epoch <= epochOf(to, params); epoch++) {
    const first = epoch * params.epochBlocks + 1
    yield { epoch, first, last: Math.min(to, first + params.epochBlocks - 1) }
  }
}
