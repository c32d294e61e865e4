/** A genesis of one's own: a chain that one validator makes alone. */
import { bls } from '../../core/bls.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { checkGenesis, type Genesis } from '../../vm/genesis.ts'
import { PRESETS } from '../../vm/params.ts'
import type { ValidatorKey } from '../validator/proposer.ts'
import { registrationOf } from '../validator-key/registration.ts'

/** Ten times the devnet's least stake, so that a slashed validator stays in the set. */
export const DEVNET_STAKE_WEI = 10_000n * WEI_PER_CPC
const OWNER_WEI = 1_000_000_000n * WEI_PER_CPC

/** A devnet that one validator makes alone; its owner has all the money. @param nodeId the node's peer id */
export function soloGenesis(key: ValidatorKey, nodeId: string, timestampMs: number): Genesis {
  const params = PRESETS.devnet
  const genesis: Genesis = {
    network: 'devnet',
    timestampMs,
    params,
    activations: { vprogs: 0 },
    alloc: [{ address: key.owner, balanceWei: OWNER_WEI }],
    validators: [{ owner: key.owner, ...registrationOf(key, params.chainId), stakeWei: DEVNET_STAKE_WEI, nodeId }],
  }
  checkGenesis(genesis, bls)
  return genesis
}
