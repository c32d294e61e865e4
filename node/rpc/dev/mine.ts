/** Blocks on demand. */
import type { DevControls, NodeApi } from '../../api.ts'
import { invalidParams } from '../errors.ts'
import { earliestNext, setNextTimestamp } from './time.ts'

/** The call waits for all of them: at some ten milliseconds a block, this many take as long as clients wait. */
const MAX_BLOCKS = 1_024

/**
 * @param intervalSeconds between the blocks; 0 = the shortest there is
 * @throws RpcError `INVALID_PARAMS`
 */
export async function mineBlocks(
  node: NodeApi,
  dev: DevControls,
  blocks: number,
  intervalSeconds: number,
): Promise<void> {
  if (blocks > MAX_BLOCKS)
    throw invalidParams(`parameter "blocks": at most ${MAX_BLOCKS} at a time`, { parameter: 'blocks' })
  if (blocks === 0) return
  if (intervalSeconds === 0) return dev.mine(blocks)
  await dev.mine(1)
  for (let i = 1; i < blocks; i++) {
    const wanted = Math.floor(node.latest().timestampMs / 1000) + intervalSeconds
    setNextTimestamp(node, dev, Math.max(wanted, earliestNext(node)))
    await dev.mine(1)
  }
}
