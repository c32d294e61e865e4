import { formatAddress } from '../../../core/address.ts'
import { type Address, hexKey } from '../../../core/bytes.ts'
import { assert } from '../../../core/errors.ts'
import { accounts, payoutCursor, payouts, supply } from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'

const NO_ACCOUNT = { nonce: 0, balance: 0n }

/** Every account that the block can have changed: who pays fees, who is sent something, which workers are paid. */
function touched(source: DatasetSource, height: number, before: StateReader): Map<string, Address> {
  const found = new Map<string, Address>()
  const add = (address: Address) => found.set(hexKey(address), address)
  const cursor = readRecord(before, payoutCursor, undefined)
  const chunk = cursor && readRecord(before, payouts, cursor.head)
  for (const { worker } of chunk ?? []) add(worker)
  for (const { from, action } of source.block(height).transactions) {
    add(from)
    if (action.kind === 'TRANSFER') add(action.to)
    if (action.kind === 'DEV_SET_BALANCE') add(action.account)
  }
  return found
}

const heldBy = (state: StateReader): bigint => readRecord(state, supply, undefined)?.balances ?? 0n

function* changesOf(source: DatasetSource, height: number) {
  const before = source.state(height - 1)
  const after = source.state(height)
  const { timestampMs } = source.block(height).block.header
  const addresses = touched(source, height, before)
  let sum = 0n
  for (const id of [...addresses.keys()].sort()) {
    const address = addresses.get(id)!
    const old = readRecord(before, accounts, address) ?? NO_ACCOUNT
    const { nonce, balance } = readRecord(after, accounts, address) ?? NO_ACCOUNT
    if (nonce === old.nonce && balance === old.balance) continue
    const change = balance - old.balance
    sum += change
    yield {
      height,
      timestamp_ms: timestampMs,
      address: formatAddress(address),
      nonce,
      balance_wei: balance,
      change_wei: change,
    }
  }
  assert(sum === heldBy(after) - heldBy(before), 'an account changed that no transaction names', { height })
}

function* genesisBalances(source: DatasetSource) {
  const { timestampMs } = source.block(0).block.header
  const state = source.state(0)
  let sum = 0n
  for (const { address } of source.genesis.alloc) {
    const { nonce, balance } = readRecord(state, accounts, address) ?? NO_ACCOUNT
    if (balance === 0n) continue
    sum += balance
    yield {
      height: 0,
      timestamp_ms: timestampMs,
      address: formatAddress(address),
      nonce,
      balance_wei: balance,
      change_wei: balance,
    }
  }
  assert(sum === heldBy(state), 'genesis has an account that its file does not list', {})
}

export const balances = defineDataset({
  name: 'balances',
  version: 1,
  about:
    'one row for each block and account that it changed; the newest row of an address is its balance. From height 0 on ' +
    'the changes add up to the balances of the supply',
  columns: {
    height: integer('of the block; 0: genesis'),
    timestamp_ms: integer('of the block, Unix milliseconds'),
    address: text('of the account'),
    nonce: integer('after the block'),
    balance_wei: amount('after the block; without stake and rewards not claimed'),
    change_wei: amount('by the block; may be negative'),
  },
  *rows(source: DatasetSource, { from, to }) {
    if (from === 0) yield* genesisBalances(source)
    for (let height = Math.max(1, from); height <= to; height++) yield* changesOf(source, height)
  },
})
