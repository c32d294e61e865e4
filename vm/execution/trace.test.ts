import { describe, expect, test } from 'vitest'
import { fromHex, hexKey } from '../../core/bytes.ts'
import { accounts } from '../state/tables.ts'
import { treeKeyOf } from '../state/view.ts'
import { TestChain, transferTo } from '../testing/chain.ts'
import { testWallet, type Wallet } from '../testing/wallet.ts'
import type { Action, Transaction } from '../transaction/types.ts'
import { BlockExecution } from './execution.ts'
import { ExecutionTrace, type TraceRange } from './trace.ts'
import { gasSteps } from './trace-gas.ts'

const [alice, bob, carol] = [1, 2, 3].map(testWallet) as [Wallet, Wallet, Wallet]

function traced(chain: TestChain, transactions: readonly Transaction[], range?: TraceRange) {
  const trace = new ExecutionTrace(range)
  const execution = new BlockExecution(chain.state, chain.context(), chain.rules, trace)
  for (const transaction of transactions) execution.apply(transaction)
  return { trace, outcome: execution.finish() }
}

const someTraffic = (chain: TestChain) => [
  chain.tx(alice, transferTo(bob.address, 5n)),
  chain.tx(bob, { kind: 'DELEGATE', validator: testWallet(101).address, amount: 10n ** 18n }),
  chain.tx(carol, { kind: 'UNJAIL' }),
]

describe('a traced execution', () => {
  test('gives the outcome of one without a trace', () => {
    const chain = new TestChain()
    for (let height = 1; height < 10; height++) {
      const transactions = height === 2 ? someTraffic(chain) : []
      const { outcome } = traced(chain, transactions)
      expect(outcome).toEqual(chain.block(transactions))
    }
  })

  test('leads from the records of the parent to the writes of the block, without a gap', () => {
    const chain = new TestChain()
    const { trace, outcome } = traced(chain, someTraffic(chain))
    const names = trace.steps.map(({ name, transaction }) => `${name} ${transaction ?? ''}`.trim())
    const ofOne = (i: number) => [`check ${i}`, `charge ${i}`, `action ${i}`]
    expect(names).toEqual(['begin', ...ofOne(0), ...ofOne(1), ...ofOne(2), 'end'])

    const seen = new Map<string, unknown>()
    const encoded = new Map<string, Uint8Array | undefined>()
    for (const { accesses } of trace.steps) {
      for (const { table, treeKey, before, after, wasWritten } of accesses) {
        const id = hexKey(treeKey)
        const bytes = chain.state.get(treeKey)
        const found = seen.has(id) ? seen.get(id) : bytes && table.decode(bytes)
        expect(before).toEqual(found)
        if (!wasWritten) expect(after).toBe(before)
        seen.set(id, after)
        if (wasWritten) encoded.set(id, after === undefined ? undefined : table.encode(after))
      }
    }
    for (const { treeKey, value } of outcome.writes) expect(encoded.get(hexKey(treeKey))).toEqual(value)
    const changed = [...encoded].filter(([id, value]) => {
      const before = chain.state.get(fromHex(`0x${id}`))
      return value === undefined ? before !== undefined : before === undefined || hexKey(before) !== hexKey(value)
    })
    const written = new Set(outcome.writes.map(({ treeKey }) => hexKey(treeKey)))
    expect(changed.filter(([id]) => !written.has(id))).toEqual([])
  })

  test('a failed transaction is charged and writes nothing more', () => {
    const chain = new TestChain()
    const { trace } = traced(chain, someTraffic(chain))
    const [check, charge, action] = trace.steps.filter(({ transaction }) => transaction === 2)
    expect(check!.accesses.map(({ wasWritten }) => wasWritten)).toEqual([false])
    expect(charge!.accesses).toMatchObject([{ table: { name: 'account' }, key: carol.address, wasWritten: true }])
    expect(charge!.burnedWei).toBe(50_000n * 1_000n)
    expect(action!.accesses.some(({ wasWritten }) => wasWritten)).toBe(false)
  })

  test('forgets what turned out to be in no block, and records no more than it was asked for', () => {
    const chain = new TestChain()
    const ahead = chain.tx(alice, transferTo(bob.address, 5n), { nonce: 7 })
    expect(traced(chain, [ahead]).trace.steps.map(({ name }) => name)).toEqual(['begin', 'end'])
    const { trace } = traced(chain, someTraffic(chain), { from: 1, to: 2 })
    expect(trace.steps.map(({ transaction }) => transaction)).toEqual([undefined, 1, 1, 1, undefined])
    const alices = hexKey(treeKeyOf(accounts, alice.address))
    expect(trace.steps.flatMap(({ accesses }) => accesses).some(({ treeKey }) => hexKey(treeKey) === alices)).toBe(
      false,
    )
  })
})

test('the parts of the gas', () => {
  const address = alice.address
  const registration = { blsPublicKey: new Uint8Array(48), proofOfPossession: new Uint8Array(96) }
  const parts = (action: Action) => gasSteps(action).map(({ step, gas }) => `${step} ${gas}`)
  expect(parts(transferTo(address, 1n))).toEqual(['kind 21000'])
  const memo = new Uint8Array(256)
  expect(parts({ kind: 'TRANSFER', to: address, value: 1n, memo })).toEqual(['kind 21000', 'payload 4096'])
  expect(parts({ kind: 'STAKE', amount: 1n })).toEqual(['kind 40000'])
  expect(parts({ kind: 'STAKE', amount: 1n, registration })).toEqual(['kind 40000', 'registration 400000'])
})
