/** What a made chain is like (chain-maker.ts), and who lives on it. Keys are the same in every run, and worth nothing. */
import { blsSecretFrom } from '../../core/bls.ts'
import { type Address, hexKey, toHex, u64be, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { type Genesis, NEVER } from '../../vm/genesis.ts'
import { type ChainParams, DIFFICULTY_FLOOR_MACS, PRESETS } from '../../vm/params.ts'
import { developmentKeyOf } from '../../vm/zk/development.ts'
import { registrationOf } from '../validator-key/registration.ts'

export interface MakerKey {
  readonly owner: Address
  readonly privateKey: Uint8Array
  readonly blsSecretKey: Uint8Array
}

const derived = new Map<string, MakerKey>()

/**
 * - `validator`: of genesis; honest and always there
 * - `joiner`: stakes later, and then is diligent, lazy or equivocates (traffic.ts)
 * - `user`: sends everything else, and works
 */
export function makerKey(role: 'validator' | 'joiner' | 'user', index: number): MakerKey {
  const id = `${role} ${index}`
  let key = derived.get(id)
  if (key === undefined) {
    const privateKey = sha256(utf8('made account'), utf8(role), u64be(index))
    const blsSecretKey = blsSecretFrom(sha256(utf8('made validator'), utf8(role), u64be(index)))
    key = { owner: privateKeyToAddress(privateKey), privateKey, blsSecretKey }
    derived.set(id, key)
  }
  return key
}

export interface ChainPlan {
  readonly seed: number
  /** In genesis. */
  readonly validators: number
  readonly users: number
  /** On average; one block in fifty is three times the target of gas. */
  readonly transactionsPerBlock: number
  /** Instead of all kinds: blocks of exactly so many transfers, for measurements. */
  readonly transfersPerBlock?: number
  readonly params: ChainParams
  /** From this height on a part of what users send are lanes and covenants; default: never. */
  readonly vprogsFrom?: number
}

/** Short epochs, an easy lottery, soon halved emission, and jail for who misses two views of its few. */
export const MADE_PARAMS: ChainParams = {
  ...PRESETS.devnet,
  blockIntervalMs: 500,
  epochBlocks: 20,
  seedWindowBlocks: 10,
  laneWindowBlocks: 40,
  gasLimit: 4_000_000,
  halvingBlocks: 500,
  missedViewsMin: 2,
  targetResultsPerBlock: 1,
  maxResultsPerBlock: 8,
  matrixSizes: [256, 512],
  genesisDifficultyMacs: DIFFICULTY_FLOOR_MACS,
  slashDowntimeBps: 10,
  devAuthority: hexKey(makerKey('user', 0).owner),
}

/** Its signature stands for a proof where lanes and covenants are. */
export const PROOF_SECRET = sha256(utf8('made prover'))

/** Of a chain with lanes and covenants: lanes fall idle, and return, within some tens of blocks. */
export const VPROG_PARAMS: ChainParams = {
  ...MADE_PARAMS,
  laneWindowBlocks: 12,
  maxLanesPerBlock: 3,
  devProofKey: toHex(developmentKeyOf(PROOF_SECRET)),
}

export const MADE_PLAN: ChainPlan = {
  seed: 1,
  validators: 4,
  users: 16,
  transactionsPerBlock: 5,
  params: MADE_PARAMS,
}

/** More than all of them stake and spend together. */
const USER_WEI = 1_000_000n * WEI_PER_CPC
const OWNER_WEI = 50_000n * WEI_PER_CPC
const STAKE_WEI = 5_000n * WEI_PER_CPC

/** Joiners are given their money by user 0 when they come. */
export function madeGenesis({ validators, users, params, vprogsFrom = NEVER }: ChainPlan): Genesis {
  const owners = Array.from({ length: validators }, (_, i) => makerKey('validator', i))
  return {
    network: 'devnet',
    timestampMs: Date.UTC(2026, 0, 1),
    params,
    activations: { vprogs: vprogsFrom },
    alloc: [
      ...Array.from({ length: users }, (_, i) => ({ address: makerKey('user', i).owner, balanceWei: USER_WEI })),
      ...owners.map(({ owner }) => ({ address: owner, balanceWei: OWNER_WEI })),
    ],
    validators: owners.map((key) => ({
      owner: key.owner,
      ...registrationOf(key, params.chainId),
      stakeWei: STAKE_WEI,
      nodeId: '',
    })),
  }
}
