/** A replay beside which the same transactions run under other parameters. */
import { WhatIf, type WhatIfReport } from '../../consensus/what-if.ts'
import { assert } from '../../core/errors.ts'
import type { ChainParams } from '../../vm/params.ts'
import { epochs } from '../../vm/state/tables.ts'
import { readRecord, type StateWrite, treeKeyOf } from '../../vm/state/view.ts'
import { type ReplayOptions, replay, SpillFolder } from './replay.ts'
import type { ReplayEnd } from './replay-blocks.ts'
import { ReplayState } from './replay-state.ts'
import type { ReplaySource } from './source.ts'

export interface WhatIfEnd {
  readonly end: ReplayEnd
  readonly report: WhatIfReport
}

export async function replayWhatIf(
  source: ReplaySource,
  params: ChainParams,
  options: ReplayOptions,
): Promise<WhatIfEnd> {
  const spill = new SpillFolder()
  const state = new ReplayState(source.base, spill)
  // Nobody asks for the root of a chain that never was.
  const keep = (writes: readonly StateWrite[]): Promise<void> =>
    state.commit({ writes, update: { root: source.parent.hash, nodes: new Map() }, settle: () => {} })
  try {
    if (source.first !== undefined) {
      await keep(source.first.writes)
      await keep(firstDifficulty(state, params))
    }
    const real = source.rules
    const other = { get: (treeKey: Uint8Array) => state.get(treeKey), keep }
    const whatIf = new WhatIf(real, { ...real, params }, other)
    const end = await replay(source, {
      ...options,
      onBlock: async (step) => {
        await options.onBlock?.(step)
        const { block, transactions, outcome } = step.applied
        await whatIf.block({ ...step, block, transactions, receipts: outcome.receipts })
      },
    })
    return { end, report: whatIf.report() }
  } finally {
    await spill.remove()
  }
}

/** The first epoch's difficulty stands in its record, which genesis wrote. */
function firstDifficulty(state: ReplayState, { genesisDifficultyMacs }: ChainParams): StateWrite[] {
  const record = readRecord(state, epochs, 0)
  assert(record !== undefined, 'genesis opens epoch 0')
  const value = epochs.encode({ ...record, difficultyMacs: genesisDifficultyMacs })
  return [{ treeKey: treeKeyOf(epochs, 0), value }]
}
