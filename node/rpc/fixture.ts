/**
 * The chain that the tests of the RPC methods ask: 12 blocks in epochs of 8, all kinds of envelopes, results that
 * succeed and one that fails, and a worker that has been paid.
 *
 *      1  empty                                        7  empty
 *      2  0x02 and legacy transfers                    8  empty; last of epoch 0
 *      3  DELEGATE; REGISTER_WORKER                    9  the worker is paid
 *      4  SUBMIT_RESULT x 3; memo; 0x01 transfer      10  the newest final block
 *      5  SUBMIT_RESULT that fails                    11  a transfer
 *      6  SUBMIT_RESULT                               12  SUBMIT_RESULT; the tip
 */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { type BlsScheme, bls } from '../../core/bls.ts'
import { type Address, EMPTY_BYTES, fromHex, type Hash, hexKey, utf8 } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { privateKeyToAddress, signHash } from '../../core/secp256k1.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { findSubmission, type SubmitResult } from '../../vm/compute/fixture.ts'
import { checkGenesis, type Genesis } from '../../vm/genesis.ts'
import { type ChainParams, DIFFICULTY_FLOOR_MACS, PRESETS } from '../../vm/params.ts'
import { epochs } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { encodeEnvelope, signingHash } from '../../vm/transaction/envelope.ts'
import { signEip1559Transfer, signLegacyTransfer, signNative } from '../../vm/transaction/sign.ts'
import type { Action, Transaction } from '../../vm/transaction/types.ts'
import type { DevControls, NodeApi } from '../api.ts'
import { registrationOf } from '../validator-key/registration.ts'
import { RpcError, toRpcError } from './errors.ts'
import { FilterStore } from './filters.ts'
import { FixtureChain } from './fixture-chain.ts'
import { FixtureNetwork } from './fixture-network.ts'
import type { RpcContext, RpcMethod } from './method.ts'

export { FINAL_LAG, FixtureChain } from './fixture-chain.ts'

interface Key {
  readonly address: Address
  readonly privateKey: Uint8Array
}

const keyOf = (privateKey: Uint8Array): Key => ({ privateKey, address: privateKeyToAddress(privateKey) })
const roleKey = (role: string): Key => keyOf(sha256(utf8(role)))

/** The first accounts of Hardhat's and anvil's mnemonic. */
export const ACCOUNTS: readonly Key[] = [
  'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
].map((hex) => keyOf(fromHex(hex)))

export const WORKER = roleKey('worker')
export const DEV_AUTHORITY = roleKey('authority')
const PROVER_KEY = roleKey('prover').privateKey

const VALIDATOR_KEYS = [0, 1].map((i) => {
  const blsSecretKey = sha256(utf8(`bls ${i}`))
  // Below the group order whatever the hash.
  blsSecretKey[0] = 0
  return { owner: roleKey(`validator ${i}`).address, blsSecretKey }
})
/** Owner addresses. */
export const VALIDATORS: readonly Address[] = VALIDATOR_KEYS.map(({ owner }) => owner)

export const PARAMS: ChainParams = {
  ...PRESETS.devnet,
  epochBlocks: 8,
  seedWindowBlocks: 4,
  genesisDifficultyMacs: DIFFICULTY_FLOOR_MACS,
  devAuthority: `0x${hexKey(DEV_AUTHORITY.address)}`,
}

export const GENESIS_TIME_MS = 1_700_000_000_000

const GENESIS: Genesis = {
  network: 'devnet',
  timestampMs: GENESIS_TIME_MS,
  params: PARAMS,
  activations: { vprogs: 0 },
  alloc: [...ACCOUNTS, WORKER, DEV_AUTHORITY].map(({ address }) => ({ address, balanceWei: 10_000n * WEI_PER_CPC })),
  validators: VALIDATOR_KEYS.map((key) => ({
    owner: key.owner,
    ...registrationOf(key, PARAMS.chainId),
    stakeWei: 5_000n * WEI_PER_CPC,
    nodeId: '',
  })),
}

// ------------------------------------------------------------------------------------------------- transactions

const FEES = { maxPriorityFeePerGas: 2_000n, maxFeePerGas: 10_000n }

/** Nonce after everything on the chain and in the mempool. */
const nonceOf = (chain: NodeApi, { address }: Key): number => chain.pool().pendingNonce(address)

export interface SendFields {
  readonly nonce?: number
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
}

/** A signed 0x71 envelope. */
export const native = (chain: NodeApi, from: Key, action: Action, fields: SendFields = {}): Uint8Array =>
  signNative({ chainId: PARAMS.chainId, nonce: nonceOf(chain, from), ...FEES, ...fields, action }, from.privateKey)

/** A signed 0x02 transfer. */
export const transfer = (chain: NodeApi, from: Key, to: Address, value: bigint, fields: SendFields = {}): Uint8Array =>
  signEip1559Transfer(
    { chainId: PARAMS.chainId, nonce: nonceOf(chain, from), ...FEES, ...fields, to, value },
    from.privateKey,
  )

function eip2930(chain: NodeApi, from: Key, to: Address, value: bigint): Uint8Array {
  const action: Action = { kind: 'TRANSFER', to, value, memo: EMPTY_BYTES }
  const fields = {
    type: 'eip2930',
    chainId: PARAMS.chainId,
    nonce: nonceOf(chain, from),
    maxPriorityFeePerGas: 5_000n,
    maxFeePerGas: 5_000n,
    gasLimit: 21_000,
    action,
  } as const
  return encodeEnvelope(fields, signHash(signingHash(fields), from.privateKey))
}

/** The `skip`-th win of the worker in the lottery of this seed height, as a miner would find it at n = 256. */
export function winningResult(chain: NodeApi, seedHeight: number, skip = 0): SubmitResult {
  const block = chain.blockByHeight(seedHeight)?.block
  const state = chain.stateAt(chain.latest().height)
  assert(block !== undefined && state !== undefined, 'no such seed block')
  const { difficultyMacs } = readRecord(state, epochs, block.header.epoch)!
  return findSubmission({ worker: WORKER.address, seedHeight, seedHash: block.hash, difficultyMacs, skip })
}

// ------------------------------------------------------------------------------------------------- the chain

/** What the tests look up. */
export interface Landmarks {
  readonly eip1559: Hash
  readonly legacy: Hash
  readonly eip2930: Hash
  readonly delegate: Hash
  readonly memo: Hash
  /** Successful ones in chain order. */
  readonly results: readonly Hash[]
  readonly failedResult: Hash
}

/** At genesis, with some parameters other than the fixture's. @param scheme that certificates are made with */
export function emptyChain(over: Partial<ChainParams> = {}, scheme: BlsScheme = bls): FixtureChain {
  const genesis = { ...GENESIS, params: { ...PARAMS, ...over } }
  checkGenesis(genesis, bls)
  return new FixtureChain(genesis, new Map(VALIDATOR_KEYS.map((key) => [hexKey(key.owner), key.blsSecretKey])), scheme)
}

function buildChain(): { readonly chain: FixtureChain; readonly landmarks: Landmarks } {
  const chain = emptyChain()
  const [alice, bob, carol] = ACCOUNTS as [Key, Key, Key]
  const decode = (raw: Uint8Array): Transaction => chain.decode(raw)
  const submission = (seedHeight: number, skip = 0, nonce = 0): Transaction =>
    decode(native(chain, WORKER, winningResult(chain, seedHeight, skip), { nonce: nonceOf(chain, WORKER) + nonce }))
  const mine = (...include: Transaction[]): void => void chain.mine({ include })

  mine()
  const eip1559 = decode(transfer(chain, alice, bob.address, WEI_PER_CPC))
  const legacyFields = { chainId: PARAMS.chainId, nonce: 0, gasPrice: 4_000n, to: carol.address, value: 5n }
  const legacy = decode(signLegacyTransfer(legacyFields, bob.privateKey))
  mine(eip1559, legacy)
  const delegation = { kind: 'DELEGATE', validator: VALIDATORS[0]!, amount: 10n * WEI_PER_CPC } as const
  const delegate = decode(native(chain, carol, delegation))
  mine(delegate, decode(native(chain, WORKER, { kind: 'REGISTER_WORKER', validator: undefined, profile: 'one CPU' })))
  const wins = [submission(1), submission(1, 1, 1), submission(2, 0, 2)]
  const memo = decode(native(chain, alice, { kind: 'TRANSFER', to: bob.address, value: 7n, memo: utf8('hello') }))
  const accessList = decode(eip2930(chain, bob, alice.address, 3n))
  mine(...wins.slice(0, 1), memo, ...wins.slice(1), accessList)
  const lost = winningResult(chain, 3)
  const wrong = { ...lost, result: { ...lost.result, resultHash: flipLastBit(lost.result.resultHash) } }
  const failedResult = decode(native(chain, WORKER, wrong))
  mine(failedResult)
  wins.push(submission(4))
  mine(wins[3]!)
  for (let height = 7; height <= 10; height++) mine()
  mine(decode(transfer(chain, carol, alice.address, 11n)))
  wins.push(submission(10))
  mine(wins[4]!)
  const landmarks = {
    eip1559: eip1559.hash,
    legacy: legacy.hash,
    eip2930: accessList.hash,
    delegate: delegate.hash,
    memo: memo.hash,
    results: wins.map(({ hash }) => hash),
    failedResult: failedResult.hash,
  }
  return { chain, landmarks }
}

const flipLastBit = (hash: Hash): Hash => hash.map((byte, i) => (i === 31 ? byte ^ 1 : byte))

function devControls(chain: FixtureChain, network: FixtureNetwork): DevControls {
  const saved: (() => void)[] = []
  let shiftMs = 0
  let nextTimestampMs: number | undefined
  const mine = (): void => {
    const timestampMs = nextTimestampMs ?? chain.latest().timestampMs + PARAMS.blockIntervalMs + shiftMs
    shiftMs = 0
    nextTimestampMs = undefined
    chain.mine({ timestampMs })
  }
  const send = async (raw: Uint8Array): Promise<Hash> => {
    const sent = await chain.submit(raw)
    assert(sent.ok, 'the fixture refused its own transaction')
    mine()
    return sent.value
  }
  return {
    accounts: ACCOUNTS,
    proverKey: PROVER_KEY,
    setBalance: async (account, balance) =>
      void (await send(native(chain, DEV_AUTHORITY, { kind: 'DEV_SET_BALANCE', account, balance }))),
    fund: (account, amountWei) => send(transfer(chain, DEV_AUTHORITY, account, amountWei)),
    mine: async (blocks) => {
      for (let i = 0; i < blocks; i++) mine()
    },
    increaseTime: (byMs) => {
      shiftMs += byMs
      return shiftMs
    },
    setNextBlockTimestamp: (timestampMs) => {
      nextTimestampMs = timestampMs
    },
    snapshot: async () => saved.push(chain.save()),
    revert: async (id) => {
      const restore = saved[id - 1]
      if (restore === undefined) return false
      saved.length = id - 1
      restore()
      return true
    },
    partition: (groups) => network.partition(groups),
    heal: () => network.heal(),
    killValidator: (index) => network.killValidator(index),
    restartValidator: (index) => network.restartValidator(index),
    nodes: () => network.nodes(),
  }
}

export interface Fixture {
  readonly chain: FixtureChain
  readonly landmarks: Landmarks
  readonly context: RpcContext
  readonly dev: DevControls
  readonly network: FixtureNetwork
  /** What `context.filters` takes for the time; tests may move it. */
  readonly clock: { nowMs: number }
}

/** The chain with some of its answers replaced. */
export const overriding = (chain: FixtureChain, changes: Partial<NodeApi>): NodeApi =>
  new Proxy(chain, {
    get: (target, key) => {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key)
      const value: unknown = Reflect.get(target, key)
      // Private fields are the chain's own, not the proxy's.
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

let built: ReturnType<typeof buildChain> | undefined

/** A chain of its own for each caller, at height 12. The blocks are built once per worker, so this is cheap. */
export function fixture(options: { readonly devnet?: boolean } = {}): Fixture {
  built ??= buildChain()
  const chain = built.chain.fork()
  const clock = { nowMs: chain.latest().timestampMs }
  const network = new FixtureNetwork(chain)
  const dev = devControls(chain, network)
  const context: RpcContext = {
    node: chain,
    dev: options.devnet === false ? undefined : dev,
    filters: new FilterStore(chain, () => clock.nowMs),
    connection: undefined,
    clientVersion: 'quern/0.0.0-test',
    methods: [],
  }
  return { chain, landmarks: built.landmarks, context, dev, network, clock }
}

/**
 * Calls a method as the server does and holds the result against the method's own schema, as JSON. Resolves with that
 * JSON; rejects with the RpcError.
 */
export async function callMethod<T = unknown>(
  context: RpcContext,
  method: RpcMethod,
  params: readonly unknown[] | Readonly<Record<string, unknown>> = [],
): Promise<T> {
  let result: unknown
  try {
    result = await method.call(context, params)
  } catch (error) {
    throw toRpcError(error)
  }
  const json: unknown = JSON.parse(JSON.stringify(result ?? null))
  const error = TypeCompiler.Compile(method.result).Errors(json).First()
  if (error !== undefined) {
    throw new Error(
      `${method.name}: result${error.path} breaks its schema: ${error.message}, got ${JSON.stringify(error.value)}`,
    )
  }
  return json as T
}

/** The tag that a call is refused with; fails when it is not refused. */
export async function refusalTag(
  context: RpcContext,
  method: RpcMethod,
  params: readonly unknown[] | Readonly<Record<string, unknown>> = [],
): Promise<string> {
  try {
    await callMethod(context, method, params)
  } catch (error) {
    if (error instanceof RpcError) return error.tag
    throw error
  }
  throw new Error(`${method.name} was not refused`)
}
