/** For methods that tell of standard covenants alone. */
import type { Hash } from '../../../core/bytes.ts'
import type { CovenantRecord } from '../../../vm/covenant/tables.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import type { CovenantChain } from './covenant-chain.ts'
import { type StandardGenesis, standingOf } from './covenant-summary.ts'

/** @throws RpcError `COVENANT_UNKNOWN`, `COVENANT_NOT_STANDARD` */
export async function requireStandard(
  chain: CovenantChain,
  id: Hash,
): Promise<{ readonly record: CovenantRecord; readonly genesis: StandardGenesis }> {
  const record = chain.requireRecord(id)
  const { isStandard, genesis } = await standingOf(chain, id, record)
  if (genesis !== undefined) return { record, genesis }
  const message =
    isStandard === false
      ? 'this covenant is no standard one, so its scripts say nothing of programs: see vprog_getLineage'
      : 'whether this covenant is a standard one is not known here: ask an archive node'
  throw new RpcError(RPC_CODE.invalidInput, 'COVENANT_NOT_STANDARD', message)
}
