/** Evidence: what is taken from peers, what is told to them, what goes into a block, what a restart keeps. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Evidence } from '../../consensus/simplex/types.ts'
import { FAST_PARAMS, TestChain, testKey } from '../../consensus/testing/chain.ts'
import { bls } from '../../core/bls.ts'
import { hexKey } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { MemoryStore } from '../../core/kv.ts'
import { MAX_EVIDENCE_PER_BLOCK } from '../../vm/execution/limits.ts'
import { GAS } from '../../vm/gas.ts'
import { accounts, validators } from '../../vm/state/tables.ts'
import { readRecord, type StateReader, StateView } from '../../vm/state/view.ts'
import { statementBytes } from '../../vm/statement.ts'
import type { SignedStatement } from '../../vm/transaction/types.ts'
import { Accountability, type AccountabilityModules } from './accountability.ts'
import { EvidencePool, MAX_EVIDENCE } from './evidence-pool.ts'

const REPORTER = { address: testKey(5).owner, privateKey: testKey(5).privateKey }
const BASE_FEE = FAST_PARAMS.baseFeeFloorWei

let chain: TestChain
beforeAll(() => {
  chain = new TestChain()
  chain.next()
})

interface Place {
  readonly validator?: number
  readonly epoch?: number
  readonly view?: number
  readonly genesisHash?: Uint8Array
}

function signed(type: SignedStatement['type'], fill: number, place: Place = {}): SignedStatement {
  const { validator = 0, epoch = 0, view = 5, genesisHash = chain.rules.genesisHash } = place
  const blockHash = new Uint8Array(32).fill(fill)
  const message = statementBytes(type, genesisHash, epoch, view, blockHash)
  return { type, blockHash, signature: bls.sign(testKey(validator).blsSecretKey, message) }
}

const evidence = (place: Place = {}, second: SignedStatement = signed('notarize', 2, place)): Evidence => ({
  validator: testKey(place.validator ?? 0).owner,
  epoch: place.epoch ?? 0,
  view: place.view ?? 5,
  first: signed('notarize', 1, place),
  second,
})

interface Overrides extends Partial<AccountabilityModules> {
  readonly epochNow?: number
  readonly kv?: MemoryStore
}

async function setup({ epochNow = 0, kv = new MemoryStore(), ...overrides }: Overrides = {}) {
  const pool = await EvidencePool.open(kv)
  const spread: Evidence[] = []
  const accountability = new Accountability({
    pool,
    rules: chain.rules,
    reporter: REPORTER,
    self: testKey(3).owner,
    finalState: () => chain.state,
    epoch: () => epochNow,
    spread: (each) => spread.push(each),
    ...overrides,
  })
  return { accountability, pool, spread, kv }
}

/** The chain's state with these validators tombstoned. */
function punished(...indexes: readonly number[]): StateReader {
  const view = new StateView(chain.state)
  for (const index of indexes) {
    const { owner } = testKey(index)
    view.set(validators, owner, { ...view.get(validators, owner)!, tombstoned: true })
  }
  const writes = new Map(view.finish().map(({ treeKey, value }) => [hexKey(treeKey), value]))
  return { get: (treeKey) => writes.get(hexKey(treeKey)) ?? chain.state.get(treeKey) }
}

describe('evidence of a peer', () => {
  const ROWS: readonly (readonly [string, () => Evidence, string, number])[] = [
    ['right', () => evidence(), 'accept', 0],
    ['right, up to the unbonding time', () => evidence(), 'accept', FAST_PARAMS.unbondingEpochs],
    ['too old', () => evidence(), 'ignore', FAST_PARAMS.unbondingEpochs + 1],
    ['of an epoch that we do not know yet', () => evidence({ epoch: 7 }), 'ignore', 0],
    ['against nobody of the set', () => evidence({ validator: 6 }), 'EVIDENCE_NOT_IN_SET', 0],
    ['one statement twice', () => evidence({}, signed('notarize', 1)), 'EVIDENCE_NOT_CONFLICTING', 0],
    [
      'two finalizes',
      () => ({ ...evidence({}, signed('finalize', 2)), first: signed('finalize', 1) }),
      'EVIDENCE_NOT_CONFLICTING',
      0,
    ],
    ['signed by another', () => evidence({}, signed('notarize', 2, { validator: 1 })), 'EVIDENCE_SIGNATURE_INVALID', 0],
    ['of two views', () => evidence({}, signed('notarize', 2, { view: 6 })), 'EVIDENCE_SIGNATURE_INVALID', 0],
    ['of another genesis', () => evidence({ genesisHash: sha256(Uint8Array.of(1)) }), 'EVIDENCE_SIGNATURE_INVALID', 0],
  ]

  it.each(ROWS)('%s', async (_, make, verdict, epochNow) => {
    const { accountability } = await setup({ epochNow })
    const answer = accountability.judge(make())
    expect(typeof answer === 'string' ? answer : answer.reject).toBe(verdict)
  })

  it('that is known, or against a punished validator, is ignored without a signature check', async () => {
    const { accountability, pool } = await setup({ rules: { ...chain.rules, bls: { verify: () => expect.fail() } } })
    await pool.add(evidence())
    expect(accountability.judge(evidence({ view: 9 }))).toBe('ignore')
    const { accountability: later } = await setup({
      finalState: () => punished(0),
      rules: { ...chain.rules, bls: { verify: () => expect.fail() } },
    })
    expect(later.judge(evidence())).toBe('ignore')
  })

  it('finds no room when the pool is full', async () => {
    const { accountability, pool } = await setup()
    const first = evidence()
    for (let i = 0; i < MAX_EVIDENCE + 3; i++) {
      const validator = new Uint8Array(20).fill(i & 0xff)
      validator[0] = i >> 8
      await pool.add({ ...first, validator })
    }
    expect(pool.size).toBe(MAX_EVIDENCE)
    expect(accountability.judge(first)).toBe('ignore')
  })
})

describe('what our engine saw', () => {
  it('is on the disk before peers hear of it, and they do once', async () => {
    const kv = new MemoryStore()
    const onDisk: Promise<number>[] = []
    const { accountability } = await setup({
      kv,
      spread: () => onDisk.push(EvidencePool.open(kv).then(({ size }) => size)),
    })
    await accountability.observed(evidence())
    await accountability.observed(evidence({ view: 6 }))
    expect(await Promise.all(onDisk)).toEqual([1])
    expect((await EvidencePool.open(kv)).all()).toEqual([evidence()])
  })

  it('is not told when it is about us, punished, or too old', async () => {
    const ours = await setup()
    await ours.accountability.observed(evidence({ validator: 3 }))
    const done = await setup({ finalState: () => punished(0) })
    await done.accountability.observed(evidence())
    const old = await setup({ epochNow: FAST_PARAMS.unbondingEpochs + 1 })
    await old.accountability.observed(evidence())
    expect([ours, done, old].map(({ spread, pool }) => spread.length + pool.size)).toEqual([0, 0, 0])
  })
})

describe('the pool', () => {
  it('is the same after a restart, and forgets for good what is punished or too old', async () => {
    const { pool, kv } = await setup()
    for (const validator of [2, 0, 1]) await pool.add(evidence({ validator }))
    const again = await setup({ kv, finalState: () => punished(0) })
    expect(again.pool.size).toBe(3)
    await again.accountability.settle()
    expect(
      again.pool
        .all()
        .map(({ validator }) => hexKey(validator))
        .sort(),
    ).toEqual([1, 2].map((i) => hexKey(testKey(i).owner)).sort())
    const third = await setup({ kv, epochNow: FAST_PARAMS.unbondingEpochs + 1 })
    expect(third.pool.size).toBe(2)
    await third.accountability.settle()
    expect((await EvidencePool.open(kv)).size).toBe(0)
  })
})

describe('in a block of ours', () => {
  const ground = () => ({ state: chain.state, epoch: 0, baseFeePerGas: BASE_FEE })

  it('stands what is not punished yet, paid by the reporter from its nonce on', async () => {
    const { accountability, pool } = await setup()
    for (const validator of [0, 1, 2]) await pool.add(evidence({ validator }))
    const transactions = accountability.transactions({ ...ground(), state: punished(1) })
    expect(transactions.map(({ from, nonce, action }) => [from, nonce, action.kind])).toEqual([
      [REPORTER.address, 0, 'SUBMIT_EVIDENCE'],
      [REPORTER.address, 1, 'SUBMIT_EVIDENCE'],
    ])
    const { outcome } = chain.build(accountability.transactions(ground()))
    expect(outcome.receipts.map(({ status }) => status)).toEqual([1, 1, 1])
  })

  it('stands nothing against ourselves, nothing too old, and nothing without an account that can pay', async () => {
    const { accountability, pool } = await setup()
    await pool.add(evidence({ validator: 3 }))
    expect(accountability.transactions(ground())).toEqual([])
    await pool.add(evidence())
    expect(accountability.transactions(ground())).toHaveLength(1)
    expect(accountability.transactions({ ...ground(), epoch: FAST_PARAMS.unbondingEpochs + 1 })).toEqual([])
    const { balance } = readRecord(chain.state, accounts, REPORTER.address)!
    const dear = balance / BigInt(GAS.SUBMIT_EVIDENCE)
    expect(accountability.transactions({ ...ground(), baseFeePerGas: dear })).toHaveLength(1)
    expect(accountability.transactions({ ...ground(), baseFeePerGas: dear + 1n })).toEqual([])
    const stranger = { address: testKey(20).owner, privateKey: testKey(20).privateKey }
    const poor = await setup({ kv: new MemoryStore(), reporter: stranger })
    await poor.pool.add(evidence())
    expect(poor.accountability.transactions(ground())).toEqual([])
  })

  it('stand no more than a block may hold', async () => {
    const big = new TestChain(MAX_EVIDENCE_PER_BLOCK + 2)
    const { accountability, pool } = await setup({ rules: big.rules, finalState: () => big.state })
    for (let validator = 0; validator < MAX_EVIDENCE_PER_BLOCK + 2; validator++) await pool.add(evidence({ validator }))
    const transactions = accountability.transactions({ ...ground(), state: big.state })
    expect(transactions).toHaveLength(MAX_EVIDENCE_PER_BLOCK)
  })
})
