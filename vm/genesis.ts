/**
 * Genesis: the state of block 0, made from genesis.json (PROTOCOL 11).
 *
 * Promises: its root binds the whole file. Accounts and validators are records; parameters and activations are the
 * params record; everything together, the node ids too, is hashed into the first randomness. Two files that mean the
 * same give the same root. The genesis supply counts balances and stakes, so the supply equation holds from block 0.
 *
 * The validators stand as if each had sent its STAKE in block 0. They form the sets of epochs 0 and 1 with weights
 * equal to their stakes, since nobody has worked yet (PROTOCOL 5, S9).
 */
import { compareBytes, utf8 } from '../core/bytes.ts'
import { domainHash } from '../core/hash.ts'
import { canonicalGenesis, genesisHeadJson } from './genesis/file.ts'
import type { Genesis } from './genesis/types.ts'
import { bond } from './staking/bond.ts'
import { newValidator } from './staking/new-validator.ts'
import { credit } from './state/account.ts'
import {
  epochSets,
  epochs,
  genesisParams,
  randomness,
  type Supply,
  supply,
  validatorKeys,
  validators,
} from './state/tables.ts'
import { StateView, type StateWrite } from './state/view.ts'
import type { SetMember } from './validator-set.ts'

export {
  canonicalGenesis,
  checkGenesis,
  type GenesisJson,
  genesisJson,
  parseGenesis,
} from './genesis/file.ts'
export {
  type Activations,
  type Genesis,
  type GenesisAlloc,
  type GenesisErrorCode,
  type GenesisValidator,
  hasVprogRules,
  NEVER,
} from './genesis/types.ts'

const EMPTY_STATE = { get: () => undefined }

function genesisSupply(genesis: Genesis): Supply {
  const allocWei = genesis.alloc.reduce((sum, entry) => sum + entry.balanceWei, 0n)
  const total = genesis.validators.reduce((sum, validator) => sum + validator.stakeWei, allocWei)
  const none = { minted: 0n, burned: 0n, balances: 0n, bonded: 0n, unbonding: 0n, accrued: 0n }
  return { genesis: total, ...none, workerPool: 0n, payoutQueue: 0n, carry: 0n, outputs: 0n }
}

function stakeValidators(state: StateView, genesis: Genesis): void {
  for (const { owner, blsPublicKey, stakeWei } of genesis.validators) {
    credit(state, owner, stakeWei)
    state.set(validatorKeys, blsPublicKey, owner)
    state.set(validators, owner, newValidator(blsPublicKey, 0))
    bond(state, owner, owner, stakeWei)
  }
}

function openEpochs(state: StateView, genesis: Genesis): void {
  const members = genesis.validators
    .map(
      ({ owner, blsPublicKey, stakeWei }): SetMember => ({
        address: owner,
        blsPublicKey,
        power: stakeWei,
        weight: stakeWei,
      }),
    )
    .sort((a, b) => compareBytes(a.address, b.address))
  for (const epoch of [0, 1]) state.set(epochSets, epoch, { epoch, members })

  const first = domainHash('genesis', canonicalGenesis(genesis))
  state.set(randomness, undefined, first)
  state.set(epochs, 0, {
    difficultyMacs: genesis.params.genesisDifficultyMacs,
    workMacs: 0n,
    results: 0,
    workers: 0,
    poolWei: 0n,
    randomness: first,
  })
}

/**
 * Every record of the state after block 0.
 * @param genesis checked: from `parseGenesis`, or made in code and passed through `checkGenesis`
 */
export function genesisState(genesis: Genesis): StateWrite[] {
  const state = new StateView(EMPTY_STATE)
  state.set(supply, undefined, genesisSupply(genesis))
  state.set(genesisParams, undefined, utf8(JSON.stringify(genesisHeadJson(genesis))))
  for (const { address, balanceWei } of genesis.alloc) credit(state, address, balanceWei)
  stakeValidators(state, genesis)
  openEpochs(state, genesis)
  return state.finish()
}
