import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../../core/address.ts'
import { type Address, toHex } from '../../core/bytes.ts'
import { MemoryStore } from '../../core/kv.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { openRules } from '../execution-rules.ts'
import { ACCOUNTS, fixture, native, VALIDATORS, WORKER } from '../rpc/fixture.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import type { Call } from './call.ts'
import { inspect } from './inspect.ts'
import { show } from './show.ts'
import { callerOf, StoredNode } from './stored-node.ts'
import type { AddressInspection, BlockInspection, TransactionInspection } from './types.ts'

const options = { activityBlocks: 64, readAddress: parseAddress }
const text = (address: Address): string => formatAddress(address)

async function running() {
  const { chain } = fixture()
  return { chain, call: await callerOf(chain, 'test') }
}

const blockOf = async (call: Call, what: string) => (await inspect(call, what, options)) as BlockInspection
const transactionOf = async (call: Call, what: string) => (await inspect(call, what, options)) as TransactionInspection
const addressOf = async (call: Call, what: string) => (await inspect(call, what, options)) as AddressInspection

describe('a block', () => {
  test('is shown with its votes, transactions, results and rewards, and its checks hold', async () => {
    const { call, chain } = await running()
    const { block, transactions } = chain.blockByHeight(4)!
    const inspection = await blockOf(call, '4')
    expect(inspection).toMatchObject({ type: 'block', final: true, header: { height: 4, result_count: 3 } })
    expect(inspection.transactions.map(({ hash }) => hash)).toEqual(transactions.map(({ hash }) => toHex(hash)))
    expect(inspection.transactions.map(({ kind }) => kind)).toEqual(transactions.map(({ action }) => action.kind))
    expect(inspection.votes).toMatchObject([
      { kind: 'notarize', signed: [...VALIDATORS].map(text).sort(), missing: [], power_share: 1 },
      { kind: 'finalize', missing: [] },
    ])
    expect(inspection.results).toHaveLength(3)
    expect(inspection.checks).toHaveLength(6)
    expect(inspection.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(await blockOf(call, toHex(block.hash))).toEqual(inspection)
    const screen = show(inspection)
    for (const part of ['VOTES', 'TRANSACTIONS: 5', 'RESULTS: 3', 'REWARDS', 'CHECKS', toHex(block.hash)]) {
      expect(screen).toContain(part)
    }
  })

  test('whose answers contradict each other is caught', async () => {
    const { call } = await running()
    const checksWith = async (method: string, change: (answer: never) => unknown) => {
      const lying: Call = async (name, params) => {
        const answer = await call(name, params)
        return (name === method ? change(answer as never) : answer) as never
      }
      const { checks } = await blockOf(lying, '4')
      return checks.flatMap(({ check, ok }) => (ok ? [] : [check]))
    }
    expect(await checksWith('chain_getHeader', (header: object) => ({ ...header, gas_used: 1 }))).toEqual([
      'the header has this hash',
      'gas used is that of the receipts',
    ])
    expect(await checksWith('poc_getResults', (results: unknown[]) => results.slice(1))).toEqual([
      'compute_root is that of the results',
    ])
    const proof = (answer: { value: string }) => ({ ...answer, value: `${answer.value}00` })
    expect(await checksWith('chain_getStateProof', proof)).toEqual(['the state is proved under state_root'])
    const votes = (answer: { notarization: object }) => ({
      ...answer,
      notarization: { ...answer.notarization, signers: '0x01' },
    })
    expect(await checksWith('chain_getCertificate', votes)).toEqual(['certificates have a quorum'])
  })

  test('genesis and the tip are blocks too; one that is not there is said to be so', async () => {
    const { call } = await running()
    expect(await blockOf(call, '0')).toMatchObject({ votes: [], rewards: null, steps: null, final: true })
    expect(await blockOf(call, 'latest')).toMatchObject({ header: { height: 12 }, final: false })
    await expect(inspect(call, '13', options)).rejects.toMatchObject({ code: 'BLOCK_UNKNOWN' })
    await expect(inspect(call, `0x${'12'.repeat(32)}`, options)).rejects.toMatchObject({ code: 'HASH_UNKNOWN' })
    await expect(inspect(call, 'nobody', options)).rejects.toMatchObject({ code: 'ADDRESS_INVALID' })
  })
})

describe('a transaction', () => {
  test('is shown with its fee, what it changed, and why a result failed', async () => {
    const { call, chain } = await running()
    const failed = chain.blockByHeight(5)!.transactions[0]!
    const inspection = await transactionOf(call, toHex(failed.hash))
    expect(inspection).toMatchObject({
      type: 'transaction',
      place: { height: 5, final: true },
      line: { index: 0, status: 0 },
    })
    expect(inspection.trace?.gas.fee).toBe(inspection.line?.fee)
    const screen = show(inspection)
    expect(screen).toContain('RESULT_HASH_MISMATCH')
    expect(screen).toContain('refused by the check of ticket')
    expect(screen).toContain('RECORDS WRITTEN')
  })

  test('may still be waiting', async () => {
    const { call, chain } = await running()
    await chain.submit(
      native(chain, ACCOUNTS[2]!, { kind: 'DELEGATE', validator: VALIDATORS[0]!, amount: WEI_PER_CPC }),
    )
    const [entry] = [...chain.pool().entries()]
    const inspection = await transactionOf(call, toHex(entry!.transaction.hash))
    expect(inspection).toMatchObject({ place: null, line: null, trace: null })
    expect(show(inspection)).toContain('waiting in the mempool')
  })
})

describe('an address', () => {
  test('of a worker, a validator and a delegator', async () => {
    const { call, chain } = await running()
    const worker = await addressOf(call, text(WORKER.address))
    expect(worker).toMatchObject({
      type: 'address',
      height: 12,
      worker: { results: 5 },
      validator: null,
      positions: [],
    })
    const heights = worker.activity.transactions.map(({ height }) => height)
    expect(heights).toEqual([...heights].sort((a, b) => b - a))
    expect(heights[0]).toBe(12)
    expect(worker.nonce).toBe(heights.length)

    const validator = await addressOf(call, toHex(VALIDATORS[0]!))
    expect(validator.validator).toMatchObject({ status: 'active' })
    expect(show(validator)).toContain('VALIDATOR')

    const delegator = ACCOUNTS[2]!
    await chain.submit(native(chain, delegator, { kind: 'UNDELEGATE', validator: VALIDATORS[0]!, shares: WEI_PER_CPC }))
    chain.mine()
    const inspection = await addressOf(call, text(delegator.address))
    expect(inspection.positions).toMatchObject([
      { validator: text(VALIDATORS[0]!), tokens: (9n * WEI_PER_CPC).toString(), unbonding: [{ epoch: 1 }] },
    ])
    expect(show(inspection)).toContain('UNBONDING')
  })
})

test('a stopped node answers from its store, and says less of what it has pruned', async () => {
  const maker = await ChainMaker.open(new MemoryStore(), { seed: 3 })
  await maker.run(12)
  const stored = async () =>
    callerOf(new StoredNode(maker.chain, maker.genesis, await openRules(maker.genesis)), 'test')
  const { head } = maker.chain
  const call = await stored()
  const whole = await blockOf(call, 'latest')
  expect(whole.header.hash).toBe(toHex(head.hash))
  expect(whole.checks.filter(({ ok }) => !ok)).toEqual([])
  const at = Array.from({ length: 12 }, (_, i) => i + 1).find(
    (h) => maker.chain.blockAt(h)!.block.transactions.length > 0,
  )!
  const before = await blockOf(call, String(at))
  const hash = before.transactions[0]!.hash
  expect((await transactionOf(call, hash)).trace).not.toBeNull()

  while (await maker.chain.prune({ blocksFrom: 0, statesFrom: 12 })) {}
  const less = await stored()
  expect(await transactionOf(less, hash)).toMatchObject({ place: { height: at }, trace: null })
  expect(show(await transactionOf(less, hash))).toContain('no longer here')
  expect(await blockOf(less, String(at))).toMatchObject({ rewards: null, steps: null })
})
