/** Who validated in an epoch, as far as a store says so. */

import { decodeBlock } from '../../../consensus/block.ts'
import { decodeHeader } from '../../../consensus/header.ts'
import { provedSet } from '../../../consensus/light/trust.ts'
import type { Header } from '../../../consensus/types.ts'
import { readU64 } from '../../../core/bytes.ts'
import type { KvReader } from '../../../core/kv.ts'
import { decodeRlp, rlpBytes, rlpList } from '../../../core/rlp.ts'
import type { ChainParams } from '../../../vm/params.ts'
import { epochSets } from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import type { ValidatorSet } from '../../../vm/validator-set.ts'
import { KEY } from '../layout.ts'
import { VersionedValues } from '../versioned-values.ts'

/** From one of the states at hand, from that after the last block of the epoch, or from what was proved before it was pruned. */
export function findSet(
  kv: KvReader,
  epoch: number,
  states: readonly StateReader[],
  statesFrom: number,
  params: ChainParams,
): ValidatorSet | undefined {
  // A damaged record is told where it is checked.
  const read = (state: StateReader): ValidatorSet | undefined => unless(() => readRecord(state, epochSets, epoch))
  for (const state of states) {
    const set = read(state)
    if (set !== undefined) return set
  }
  const end = kv.get(KEY.epochEnd(epoch))
  const height = end?.length === 8 ? readU64(end) : -1
  if (height >= statesFrom) return read(new VersionedValues(kv).at(height + 1))
  return epoch === 0 ? undefined : keptSet(kv, epoch - 1, params)
}

/** The set proved under the header of the last block of an epoch: that of the next one. */
export function keptSet(kv: KvReader, epoch: number, params: ChainParams): ValidatorSet | undefined {
  const kept = kv.get(KEY.edgeSet(epoch))
  if (kept === undefined) return undefined
  return unless(() => {
    const header = lastHeader(kv, epoch)
    if (header === undefined) return undefined
    const [set, proof] = rlpList(decodeRlp(kept), 2)
    const proved = provedSet({ header, set: rlpBytes(set), proof: rlpBytes(proof) }, params)
    return proved.ok ? proved.value : undefined
  })
}

/** @throws QuernError for one that cannot be read */
function lastHeader(kv: KvReader, epoch: number): Header | undefined {
  const kept = kv.get(KEY.edgeHeader(epoch))
  if (kept !== undefined) return decodeHeader(decodeRlp(kept))
  const end = kv.get(KEY.epochEnd(epoch))
  const block = end?.length === 8 ? kv.get(KEY.block(readU64(end))) : undefined
  return block === undefined ? undefined : decodeBlock(block).header
}

function unless<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
