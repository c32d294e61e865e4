import { beforeEach, expect, it } from 'vitest'
import { formatAddress } from '../../../../core/address.ts'
import { bls } from '../../../../core/bls.ts'
import { fromHex, toHex, utf8 } from '../../../../core/bytes.ts'
import { sha256 } from '../../../../core/hash.ts'
import { privateKeyToAddress } from '../../../../core/secp256k1.ts'
import { WEI_PER_CPC } from '../../../../core/units.ts'
import { PRESETS } from '../../../../vm/params.ts'
import { decodeTransaction } from '../../../../vm/transaction/envelope.ts'
import type { RpcClient } from '../../rpc-client.ts'
import { ensureName, ensureStake, entryOf, type KnownValidator, type Registering, waitUntilIn } from './registering.ts'

const privateKey = sha256(utf8('owner'))
const signer = { privateKey, address: privateKeyToAddress(privateKey) }
const own = formatAddress(signer.address)
const blsSecretKey = new Uint8Array(32).fill(5)
const blsPublicKey = bls.publicKey(blsSecretKey)
const unlock = async () => ({ owner: signer.address, blsSecretKey })
const { chainId } = PRESETS.devnet
const known: KnownValidator = {
  address: own,
  bls_public_key: toHex(blsPublicKey),
  name: '',
  website: 'w',
  description: 'd',
  status: 'candidate',
  tokens: String(1_000n * WEI_PER_CPC),
  commission_bps: 300,
  open_to_workers: true,
}

/** What the node behind the client would answer; a transaction is in block 7 at once. */
interface Chain {
  validator: KnownValidator | null
  balanceWei: bigint
  /** Transactions of the account on their way, one less at each look. */
  waiting: number
  height: number
  sets: Record<number, readonly string[]>
  sent: string[]
}
let chain: Chain
const notes: string[] = []

const answers: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
  eth_chainId: () => `0x${chainId.toString(16)}`,
  eth_getTransactionCount: ([, tag]) => (tag === 'pending' && chain.waiting-- > 0 ? '0x5' : '0x4'),
  eth_maxPriorityFeePerGas: () => '0x1',
  eth_gasPrice: () => '0x3e8',
  eth_getBlockByNumber: () => ({ baseFeePerGas: '0x3e8' }),
  eth_getBalance: () => `0x${chain.balanceWei.toString(16)}`,
  eth_sendRawTransaction: ([raw]) => {
    chain.sent.push(String(raw))
    return '0xabc'
  },
  eth_getTransactionReceipt: () => ({ status: '0x1', blockNumber: '0x7' }),
  chain_getValidator: () => chain.validator,
  chain_getValidators: ([epoch]) => (chain.sets[Number(epoch)] ?? []).map((address) => ({ ...known, address })),
  chain_getStatus: () => ({
    height: chain.height,
    finalized_height: chain.height,
    epoch: Math.floor((chain.height - 1) / 40),
  }),
}
const client: RpcClient = {
  call: async <T>(method: string, params: unknown = []) => answers[method]!(params as readonly unknown[]) as T,
}
const registering: Registering = {
  client,
  signer,
  chain: { genesisHash: '0x', chainId, epochBlocks: 40, blockIntervalMs: 1, minStakeWei: 1_000n * WEI_PER_CPC },
  note: (text) => notes.push(text),
  // Time goes by in blocks.
  pause: async () => {
    chain.height += 10
  },
}
const stake = (wholeCpc: number) => ensureStake(registering, BigInt(wholeCpc) * WEI_PER_CPC, blsPublicKey, unlock)
const actions = () => chain.sent.map((raw) => decodeTransaction(fromHex(raw), chainId).action)
const refusal = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

beforeEach(() => {
  chain = { validator: null, balanceWei: 2_000n * WEI_PER_CPC, waiting: 0, height: 50, sets: {}, sent: [] }
})

it('stakes with a registration, once', async () => {
  expect(await stake(1_000)).toMatchObject({ height: 7, status: 'success' })
  expect(actions()).toMatchObject([{ kind: 'STAKE', amount: 1_000n * WEI_PER_CPC, registration: { blsPublicKey } }])
  chain.validator = known
  expect(await stake(1_000)).toBeUndefined()
  expect(chain.sent).toHaveLength(1)
})

it('waits for what an interrupted run has sent', async () => {
  chain.waiting = 2
  chain.validator = known
  expect(await stake(1_000)).toBeUndefined()
  expect(chain.waiting).toBeLessThan(0)
  chain.waiting = 1_000
  await expect(stake(1_000)).rejects.toThrow(refusal('TX_NOT_INCLUDED'))
  expect(chain.sent).toEqual([])
})

it('a validator that was left stakes again, without a registration', async () => {
  chain.validator = { ...known, status: 'inactive', tokens: '0' }
  await stake(1_000)
  expect(actions()).toMatchObject([{ kind: 'STAKE' }])
  expect(actions()[0]).not.toHaveProperty('registration.blsPublicKey')
})

it('says which account needs how much, and what else is in the way', async () => {
  chain.balanceWei = 999n * WEI_PER_CPC
  await expect(stake(1_000)).rejects.toThrow(refusal('BALANCE_TOO_SMALL', `${own} has 999 CPC`))
  chain.balanceWei = 1_000n * WEI_PER_CPC
  await expect(stake(1_000)).rejects.toThrow(refusal('BALANCE_TOO_SMALL', 'fees'))
  await expect(stake(999)).rejects.toThrow(refusal('STAKE_TOO_SMALL', '1000 CPC'))
  for (const [change, code] of [
    [{ bls_public_key: toHex(new Uint8Array(48)) }, 'VALIDATOR_KEY_DIFFERS'],
    [{ status: 'jailed' }, 'VALIDATOR_JAILED'],
    [{ status: 'tombstoned' }, 'VALIDATOR_TOMBSTONED'],
  ] as const) {
    chain.validator = { ...known, ...change }
    await expect(stake(1_000)).rejects.toThrow(refusal(code))
  }
  expect(chain.sent).toEqual([])
})

it('gives it a name, and leaves the rest as it is', async () => {
  chain.validator = known
  await ensureName(registering, 'Upper Mill')
  expect(actions()).toMatchObject([
    { kind: 'UPDATE_VALIDATOR', name: 'Upper Mill', website: 'w', commissionBps: 300, openToWorkers: true },
  ])
  chain.validator = { ...known, name: 'Upper Mill' }
  expect(await ensureName(registering, 'Upper Mill')).toBeUndefined()
})

it('votes from the first set that it is in, or else from the second epoch on', async () => {
  expect(await entryOf(registering)).toMatchObject({ epoch: 3, firstBlock: 121, isActive: false, blocksLeft: 71 })
  chain.sets = { 2: [own] }
  expect(await entryOf(registering)).toMatchObject({ epoch: 2, firstBlock: 81, isActive: false })
  expect(await waitUntilIn(registering, blsPublicKey)).toMatchObject({ epoch: 2, isActive: true })
  chain.sets = {}
  await expect(waitUntilIn(registering, blsPublicKey)).rejects.toThrow(refusal('SET_NOT_ENTERED'))
})
