import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { checksumAddress, formatAddress } from '../core/address.ts'
import { bls } from '../core/bls.ts'
import { hexKey, u64be } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { WEI_PER_CPC } from '../core/units.ts'
import {
  canonicalGenesis,
  checkGenesis,
  type Genesis,
  type GenesisJson,
  genesisJson,
  genesisState,
  parseGenesis,
} from './genesis.ts'
import { PRESETS } from './params.ts'
import { MemoryState } from './state/memory.ts'
import {
  accounts,
  candidates,
  delegations,
  epochSets,
  epochs,
  genesisParams,
  randomness,
  supply,
  validators,
} from './state/tables.ts'
import { assertSupply, readRecord } from './state/view.ts'
import { proofOfPossessionBytes } from './statement.ts'
import { testWallet } from './testing/wallet.ts'

const params = {
  ...PRESETS.devnet,
  devAuthority: `0x${hexKey(testWallet(1).address)}`,
  devProofKey: `0x${'5a'.repeat(32)}`,
}

function validatorOf(label: number, stakeWei: bigint): Genesis['validators'][number] {
  const secret = sha256(u64be(label))
  // Below the group order, whose first byte is 0x73.
  secret[0] = 1
  const blsPublicKey = bls.publicKey(secret)
  const owner = testWallet(label).address
  const proofOfPossession = bls.sign(secret, proofOfPossessionBytes(params.chainId, owner, blsPublicKey))
  return { owner, blsPublicKey, proofOfPossession, stakeWei, nodeId: '12D3KooW' }
}

const genesis: Genesis = {
  network: 'devnet',
  timestampMs: 1_700_000_000_000,
  params,
  activations: { vprogs: 0 },
  alloc: [1, 2, 3].map((label) => ({ address: testWallet(label).address, balanceWei: BigInt(label) * WEI_PER_CPC })),
  validators: [validatorOf(1, 1_000n * WEI_PER_CPC), validatorOf(5, 3_000n * WEI_PER_CPC)],
}

/** The file, changed. */
function fileWith(change: (json: GenesisJson) => void): unknown {
  const json = JSON.parse(JSON.stringify(genesisJson(genesis)))
  change(json)
  return json
}
const rootOf = (value: Genesis): string => hexKey(new MemoryState(genesisState(value)).root)

describe('the state of block 0', () => {
  let state: MemoryState
  beforeAll(() => {
    state = new MemoryState(genesisState(genesis))
  })

  test('counts balances and stakes as the genesis supply', () => {
    const books = readRecord(state, supply, undefined)!
    expect(books).toMatchObject({
      genesis: 4_006n * WEI_PER_CPC,
      balances: 6n * WEI_PER_CPC,
      bonded: 4_000n * WEI_PER_CPC,
      minted: 0n,
      burned: 0n,
    })
    assertSupply(books)
    expect(readRecord(state, accounts, testWallet(1).address)).toEqual({ nonce: 0, balance: WEI_PER_CPC })
    // A validator without an alloc has no account yet.
    expect(readRecord(state, accounts, testWallet(5).address)).toBeUndefined()
  })

  test('has the validators as if they had staked', () => {
    const owner = testWallet(5).address
    const record = readRecord(state, validators, owner)!
    expect(record).toMatchObject({
      tokens: 3_000n * WEI_PER_CPC,
      shares: 3_000n * WEI_PER_CPC,
      commissionBps: 0,
      jailedUntilEpoch: 0,
    })
    expect(readRecord(state, delegations, { validator: owner, delegator: owner })!.shares).toBe(3_000n * WEI_PER_CPC)
    expect(readRecord(state, candidates, undefined)).toHaveLength(2)
    for (const epoch of [0, 1]) {
      const set = readRecord(state, epochSets, epoch)!
      expect(set.epoch).toBe(epoch)
      expect(set.members.map((m) => hexKey(m.address))).toEqual([...set.members.map((m) => hexKey(m.address))].sort())
      expect(set.members.every((m) => m.power === m.weight)).toBe(true)
    }
  })

  test('opens epoch 0 with the first randomness', () => {
    const first = readRecord(state, randomness, undefined)!
    expect(readRecord(state, epochs, 0)).toMatchObject({ difficultyMacs: 1n << 31n, workMacs: 0n, randomness: first })
    expect(readRecord(state, epochs, 1)).toBeUndefined()
    expect(new TextDecoder().decode(readRecord(state, genesisParams, undefined)!)).toContain('"chain_id":26180')
  })

  test('is bound to everything in the file', () => {
    const root = rootOf(genesis)
    const [first, second] = genesis.validators
    const others: Genesis[] = [
      { ...genesis, network: 'testnet' },
      { ...genesis, timestampMs: genesis.timestampMs + 1 },
      { ...genesis, params: { ...params, maxClockDriftMs: 501 } },
      { ...genesis, activations: { vprogs: 1 } },
      { ...genesis, alloc: genesis.alloc.slice(1) },
      { ...genesis, validators: [first!, { ...second!, nodeId: 'other' }] },
      { ...genesis, validators: [first!, { ...second!, proofOfPossession: new Uint8Array(96) }] },
    ]
    expect(new Set([root, ...others.map(rootOf)]).size).toBe(others.length + 1)
  })

  test('does not depend on the order of accounts and validators', () => {
    const reversed = { ...genesis, alloc: [...genesis.alloc].reverse(), validators: [...genesis.validators].reverse() }
    expect(rootOf(reversed)).toBe(rootOf(genesis))
  })
})

describe('genesis.json', () => {
  test('round trip, for every preset', () => {
    for (const [network, preset] of Object.entries(PRESETS)) {
      const value: Genesis = { ...genesis, network: network as 'devnet', params: preset, alloc: [], validators: [] }
      const { validators: _, ...rest } = genesisJson(value)
      const one = { owner: formatAddress(testWallet(5).address), node_id: '', stake: preset.minStakeWei.toString() }
      const keys = { bls_public_key: `0x${'11'.repeat(48)}`, proof_of_possession: `0x${'22'.repeat(96)}` }
      const json = JSON.parse(JSON.stringify({ ...rest, validators: [{ ...one, ...keys }] }))
      const parsed = parseGenesis(json, { verify: () => true })
      expect(parsed.params).toEqual(preset)
      expect(JSON.parse(new TextDecoder().decode(canonicalGenesis(parsed)))).toEqual(json)
    }
  })

  test('with rules of a later version says which, from where, and what to do', () => {
    const json = fileWith((file) => Object.assign(file, { activations: { vprogs: 0, parallel: 7_000 } }))
    expect(() => parseGenesis(json, { verify: () => true })).toThrow(
      expect.objectContaining({
        code: 'UPGRADE_NEEDED',
        message: expect.stringContaining('activates parallel at block 7000'),
        meta: { height: 7_000 },
      }),
    )
  })

  test('addresses in hex and any order of keys mean the same', () => {
    const json = fileWith((file) => {
      const alloc = genesis.alloc.map((a) => [checksumAddress(a.address), a.balanceWei.toString()]).reverse()
      Object.assign(file, { alloc: Object.fromEntries(alloc) })
    })
    const shuffled = Object.fromEntries(Object.entries(json as object).reverse())
    expect(canonicalGenesis(parseGenesis(shuffled, bls))).toEqual(canonicalGenesis(genesis))
  })

  test.each<[string, (json: GenesisJson) => void, string]>([
    ['a missing key', (json) => Reflect.deleteProperty(json, 'alloc'), 'GENESIS_SHAPE'],
    ['an unknown key', (json) => Object.assign(json, { extra: 1 }), 'GENESIS_SHAPE'],
    ['an unknown network', (json) => Object.assign(json, { network: 'betanet' }), 'GENESIS_SHAPE'],
    ['a chain id in quotes', (json) => Object.assign(json, { chain_id: '26180' }), 'GENESIS_PARAM'],
    ['a negative time', (json) => Object.assign(json, { timestamp_ms: -1 }), 'GENESIS_PARAM'],
    ['an array for an object', (json) => Object.assign(json, { params: [] }), 'GENESIS_SHAPE'],
    ['a missing parameter', (json) => Reflect.deleteProperty(json.params, 'kappa_bps'), 'GENESIS_SHAPE'],
    ['a parameter of another chain', (json) => Object.assign(json.params, { kappa: 1 }), 'GENESIS_SHAPE'],
    ['a fractional parameter', (json) => Object.assign(json.params, { kappa_bps: 0.5 }), 'GENESIS_PARAM'],
    ['an amount as a number', (json) => Object.assign(json.params, { emission_wei: 10 }), 'GENESIS_SHAPE'],
    ['an amount with a leading zero', (json) => Object.assign(json.params, { emission_wei: '010' }), 'GENESIS_SHAPE'],
    ['no base fee at all', (json) => Object.assign(json.params, { base_fee_floor_wei: '0' }), 'GENESIS_PARAM'],
    [
      'a seed window over half an epoch',
      (json) => Object.assign(json.params, { seed_window_blocks: 21 }),
      'GENESIS_PARAM',
    ],
    [
      'a lane window under the seed window',
      (json) => Object.assign(json.params, { lane_window_blocks: 19 }),
      'GENESIS_PARAM',
    ],
    ['shares that do not sum', (json) => Object.assign(json.params, { voter_share_bps: 2_999 }), 'GENESIS_PARAM'],
    [
      'a target over the limit',
      (json) => Object.assign(json.params, { target_results_per_block: 65 }),
      'GENESIS_PARAM',
    ],
    [
      'fewer places for results than four times the target',
      (json) => Object.assign(json.params, { target_results_per_block: 17 }),
      'GENESIS_PARAM',
    ],
    [
      'a size that is no power of two',
      (json) => Object.assign(json.params, { matrix_sizes: [256, 768] }),
      'GENESIS_PARAM',
    ],
    ['sizes out of order', (json) => Object.assign(json.params, { matrix_sizes: [512, 256] }), 'GENESIS_PARAM'],
    ['no sizes', (json) => Object.assign(json.params, { matrix_sizes: [] }), 'GENESIS_PARAM'],
    [
      'an easy difficulty',
      (json) => Object.assign(json.params, { genesis_difficulty_macs: '4194303' }),
      'GENESIS_PARAM',
    ],
    [
      'a balance in hex',
      (json) => Object.assign(json.alloc, { [checksumAddress(testWallet(8).address)]: '0x1' }),
      'GENESIS_SHAPE',
    ],
    [
      'a balance over 128 bits',
      (json) => Object.assign(json.alloc, { [checksumAddress(testWallet(8).address)]: `${1n << 128n}` }),
      'GENESIS_PARAM',
    ],
    ['a word for an address', (json) => Object.assign(json.alloc, { treasury: '1' }), 'GENESIS_ADDRESS'],
    [
      'one account in two text forms',
      (json) => Object.assign(json.alloc, { [checksumAddress(testWallet(1).address)]: '1' }),
      'GENESIS_DUPLICATE',
    ],
    ['no validators', (json) => Object.assign(json, { validators: [] }), 'GENESIS_VALIDATOR'],
    ['more validators than fit', (json) => Object.assign(json.params, { max_validators: 1 }), 'GENESIS_VALIDATOR'],
    ['a stake below the minimum', (json) => Object.assign(json.validators[0]!, { stake: '1' }), 'GENESIS_VALIDATOR'],
    ['a short BLS key', (json) => Object.assign(json.validators[0]!, { bls_public_key: '0x00' }), 'GENESIS_SHAPE'],
    [
      'one owner twice',
      (json) => Object.assign(json.validators[0]!, { owner: json.validators[1]!.owner }),
      'GENESIS_DUPLICATE',
    ],
    [
      'one key twice',
      (json) => Object.assign(json.validators[0]!, { bls_public_key: json.validators[1]!.bls_public_key }),
      'GENESIS_DUPLICATE',
    ],
    ['another chain’s proofs', (json) => Object.assign(json, { chain_id: 26_181 }), 'GENESIS_PROOF_OF_POSSESSION'],
    [
      'a proof by another key',
      (json) => Object.assign(json.validators[0]!, { proof_of_possession: json.validators[1]!.proof_of_possession }),
      'GENESIS_PROOF_OF_POSSESSION',
    ],
    [
      'stake that could leave and still vote',
      (json) => Object.assign(json.params, { unbonding_epochs: 2 }),
      'GENESIS_PARAM',
    ],
    [
      'more results than are paid',
      (json) => Object.assign(json.params, { max_results_per_block: 65 }),
      'GENESIS_PARAM',
    ],
    ['an epoch too long to end', (json) => Object.assign(json.params, { epoch_blocks: 2_049 }), 'GENESIS_PARAM'],
    ['a dev authority outside a devnet', (json) => Object.assign(json, { network: 'testnet' }), 'GENESIS_PARAM'],
    [
      'a dev proof key outside a devnet',
      (json) => {
        Object.assign(json, { network: 'mainnet' })
        Reflect.deleteProperty(json.params, 'dev_authority')
      },
      'GENESIS_PARAM',
    ],
    ['a short dev proof key', (json) => Object.assign(json.params, { dev_proof_key: '0x00' }), 'GENESIS_SHAPE'],
  ])('%s is refused', (_, change, code) => {
    expect(() => parseGenesis(fileWith(change), bls)).toThrow(expect.objectContaining({ code }))
  })

  test('anything but the file is refused with a typed error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => parseGenesis(value, bls)).toThrow(expect.objectContaining({ name: 'QuernError' }))
      }),
      { numRuns: 50 },
    )
  })

  test('a genesis made in code is held to the same', () => {
    expect(() => checkGenesis(genesis, bls)).not.toThrow()
    const doubled = { ...genesis, alloc: [...genesis.alloc, genesis.alloc[0]!] }
    expect(() => checkGenesis(doubled, bls)).toThrow(expect.objectContaining({ code: 'GENESIS_DUPLICATE' }))
  })
})
