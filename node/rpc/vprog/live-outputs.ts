/** The outputs that carry a covenant's id now. The state counts them; the index, from its newest end, tells where they are. */
import type { Hash } from '../../../core/bytes.ts'
import type { CovenantRecord } from '../../../vm/covenant/tables.ts'
import type { TransactionPlace } from '../../vprog/history.ts'
import { boundOutputs, type CovenantChain } from './covenant-chain.ts'
import { type MadeOutput, outpointOf } from './covenant-output.ts'

/** Outputs of one answer: each with a script of up to ten kilobytes. */
const MAX_OUTPUTS_SHOWN = 64
/** Transactions looked back over. A program has its state, and a bundle for each settlement whose exits wait. */
const MAX_LOOKED_BACK = 256
/** Of one page of the index: each is a block to read before anything else gets a turn. */
const PAGE = 16

/** Newest first. */
export async function liveOutputs(chain: CovenantChain, id: Hash, record: CovenantRecord): Promise<MadeOutput[]> {
  const live: MadeOutput[] = []
  const wanted = Math.min(record.liveOutputs, MAX_OUTPUTS_SHOWN)
  let before: TransactionPlace | undefined
  for (let looked = 0; looked < MAX_LOOKED_BACK; looked += PAGE) {
    if (live.length >= wanted) break
    const places = await chain.history.newestCovenantTransactions(id, before, PAGE)
    for (const place of places) {
      const made = chain.at(place)
      if (made === undefined) continue
      const indexes = boundOutputs(made, id).toReversed()
      const found = indexes.map((index) => ({ made, index }))
      live.push(...found.filter((output) => chain.output(outpointOf(output)) !== undefined))
    }
    before = places.at(-1)
    if (places.length < PAGE) break
  }
  return live.slice(0, wanted)
}
