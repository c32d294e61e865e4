/** The genesis of a devnet: who stands in it and with how much. Everything follows from the plan, so a seed replays. */
import { bls } from '../core/bls.ts'
import { toHex } from '../core/bytes.ts'
import { WEI_PER_CPC } from '../core/units.ts'
import { DEVNET_STAKE_WEI } from '../node/config/new-genesis.ts'
import { registrationOf } from '../node/validator-key/registration.ts'
import { peerIdOf } from '../p2p/identity.ts'
import { checkGenesis, type Genesis } from '../vm/genesis.ts'
import { type ChainParams, PRESETS } from '../vm/params.ts'
import { developmentKeyOf } from '../vm/zk/development.ts'
import {
  type AccountKey,
  type DevnetValidator,
  devnetValidator,
  mnemonicAccounts,
  nodeIdentity,
  roleAccount,
} from './keys.ts'

export interface DevnetPlan {
  /** Derives every key that the mnemonic does not. */
  readonly seed: string
  readonly validators: number
  readonly workers: number
  readonly mnemonic: string
  readonly accounts: number
  readonly balanceWei: bigint
  readonly timestampMs: number
  readonly blockIntervalMs?: number
  readonly epochBlocks?: number
  readonly gasLimit?: number
  /** Multiply-accumulates that a result of the first epoch stands for; lower than the preset's in tests. */
  readonly difficultyMacs?: number
  /** D: shorter than the preset's where nodes that are down are to be passed over sooner. */
  readonly networkDelayMs?: number
  /** Blocks after which a lane without activity falls silent; fewer than the preset's in tests. */
  readonly laneWindowBlocks?: number
}

export interface DevnetKeys {
  readonly validators: readonly DevnetValidator[]
  readonly workers: readonly AccountKey[]
  /** Of the node behind the URL, where that is none of the validators. */
  readonly entryIdentity: Uint8Array
  /** The printed accounts. */
  readonly accounts: readonly AccountKey[]
  /** May send DEV_SET_BALANCE, and is the faucet's purse. */
  readonly authority: AccountKey
  /** Signs in place of proofs: tag 0xdf. */
  readonly prover: AccountKey
}

/** Genesis time of a network made from --seed, so that the same seed gives the same genesis hash on any day. */
export const SEEDED_TIMESTAMP_MS = Date.UTC(2026, 0, 1)

/** Fees for years of results: a result costs 80,000 gas at 1,000 wei and more. */
const WORKER_WEI = 100n * WEI_PER_CPC
const OWNER_WEI = 100n * WEI_PER_CPC
const FAUCET_WEI = 1_000_000_000n * WEI_PER_CPC

export const devnetKeys = (plan: DevnetPlan): DevnetKeys => ({
  validators: Array.from({ length: plan.validators }, (_, index) => devnetValidator(plan.seed, index)),
  workers: Array.from({ length: plan.workers }, (_, index) => roleAccount(plan.seed, 'worker', index)),
  entryIdentity: nodeIdentity(plan.seed, 'node'),
  accounts: mnemonicAccounts(plan.mnemonic, plan.accounts),
  authority: roleAccount(plan.seed, 'authority'),
  prover: roleAccount(plan.seed, 'prover'),
})

/** The seed window of a short epoch is half of it, as the parameters demand. */
const epochOf = (epochBlocks: number): Pick<ChainParams, 'epochBlocks' | 'seedWindowBlocks'> => ({
  epochBlocks,
  seedWindowBlocks: Math.min(PRESETS.devnet.seedWindowBlocks, Math.floor(epochBlocks / 2)),
})

export function devnetGenesis(plan: DevnetPlan, keys: DevnetKeys): Genesis {
  const params: ChainParams = {
    ...PRESETS.devnet,
    devAuthority: toHex(keys.authority.address),
    devProofKey: toHex(developmentKeyOf(keys.prover.privateKey)),
    ...(plan.blockIntervalMs === undefined ? {} : { blockIntervalMs: plan.blockIntervalMs }),
    ...(plan.epochBlocks === undefined ? {} : epochOf(plan.epochBlocks)),
    ...(plan.gasLimit === undefined ? {} : { gasLimit: plan.gasLimit }),
    ...(plan.networkDelayMs === undefined ? {} : { networkDelayMs: plan.networkDelayMs }),
    ...(plan.laneWindowBlocks === undefined ? {} : { laneWindowBlocks: plan.laneWindowBlocks }),
    ...(plan.difficultyMacs === undefined ? {} : { genesisDifficultyMacs: BigInt(plan.difficultyMacs) }),
  }
  const purse = (balanceWei: bigint) => (key: AccountKey) => ({ address: key.address, balanceWei })
  const genesis: Genesis = {
    network: 'devnet',
    timestampMs: plan.timestampMs,
    params,
    activations: { vprogs: 0 },
    alloc: [
      ...keys.accounts.map(purse(plan.balanceWei)),
      ...keys.workers.map(purse(WORKER_WEI)),
      ...keys.validators.map(({ account }) => purse(OWNER_WEI)(account)),
      purse(FAUCET_WEI)(keys.authority),
    ],
    validators: keys.validators.map((key) => ({
      owner: key.owner,
      ...registrationOf(key, params.chainId),
      stakeWei: DEVNET_STAKE_WEI,
      nodeId: peerIdOf(key.identity),
    })),
  }
  checkGenesis(genesis, bls)
  return genesis
}
