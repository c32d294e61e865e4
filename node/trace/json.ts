/**
 * Traces as JSON: keys in snake_case, addresses as bech32, other bytes as 0x hex, amounts and other large numbers as decimal
 * strings, no record as null. A record appears decoded, by the names of its table (vm/state/tables.ts), and as the raw RLP
 * whose hash the state tree holds.
 */
import { formatAddress } from '../../core/address.ts'
import { toHex } from '../../core/bytes.ts'
import { formatUuid } from '../../vm/compute-root.ts'
import type { TracedAccess, TracedStep } from '../../vm/execution/trace.ts'
import type { ComputeTrace } from '../../vm/execution/trace-compute.ts'
import { gasSteps, gramSteps } from '../../vm/execution/trace-gas.ts'
import { MONEY_CATEGORIES, type MoneyCategory } from '../../vm/state/table.ts'
import type { TracedBlock, TracedTransaction } from './trace-block.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

const ADDRESS_BYTES = 20
const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Any record or key. Every 20 bytes of the state's tables are an address, but for a lane's id. */
export function recordJson(value: unknown): Json {
  if (value === undefined || value === null) return null
  if (value instanceof Uint8Array) return value.length === ADDRESS_BYTES ? formatAddress(value) : toHex(value)
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(recordJson)
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [snake(name), partJson(name, part)]))
  }
  return value as string | number | boolean
}

const partJson = (name: string, part: unknown): Json =>
  name === 'laneId' && part instanceof Uint8Array ? toHex(part) : recordJson(part)

const rawJson = ({ table }: TracedAccess, value: unknown): Json =>
  value === undefined ? null : toHex(table.encode(value))

function accessJson(access: TracedAccess) {
  const { table, key, treeKey, before, after, wasWritten } = access
  const found = {
    table: table.name,
    key: recordJson(key),
    tree_key: toHex(treeKey),
    written: wasWritten,
    before: recordJson(before),
    before_raw: rawJson(access, before),
  }
  return wasWritten ? { ...found, after: recordJson(after), after_raw: rawJson(access, after) } : found
}

/** Money that a step moved: into a record (positive) or out of it, by the part of the supply equation it belongs to. */
function effectsOf({ accesses }: TracedStep) {
  const effects: { table: string; key: Json; category: MoneyCategory; change: string }[] = []
  for (const { table, key, before, after } of accesses) {
    if (table.money === undefined || before === after) continue
    const held = before === undefined ? {} : table.money(before)
    const holds = after === undefined ? {} : table.money(after)
    for (const category of MONEY_CATEGORIES) {
      const change = (holds[category] ?? 0n) - (held[category] ?? 0n)
      if (change !== 0n) effects.push({ table: table.name, key: recordJson(key), category, change: change.toString() })
    }
  }
  return effects
}

export const stepJson = (step: TracedStep) => ({
  minted: step.mintedWei.toString(),
  burned: step.burnedWei.toString(),
  effects: effectsOf(step),
  accesses: step.accesses.map(accessJson),
})

const hexOrNull = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : toHex(bytes))

/** A number of 256 bits as the tickets are: it is compared with them. */
const targetHex = (target: bigint): string => `0x${target.toString(16).padStart(64, '0')}`

const computeJson = ({ transaction }: TracedTransaction, compute: ComputeTrace) => {
  const { action } = transaction
  const submitted = action.kind === 'SUBMIT_RESULT' ? action : undefined
  return {
    seed_height: submitted?.seedHeight ?? null,
    matrix_size: submitted?.matrixSize ?? null,
    attempt: compute.tile?.attempt ?? null,
    tile: compute.tile?.tile ?? null,
    seed: hexOrNull(compute.seed),
    task_id: compute.taskId === undefined ? null : formatUuid(compute.taskId),
    difficulty_macs: compute.difficultyMacs?.toString() ?? null,
    target: compute.target === undefined ? null : targetHex(compute.target),
    claimed: hexOrNull(submitted?.result.resultHash),
    ticket: hexOrNull(compute.ticket),
    checks: compute.checks,
    verdict: compute.checks.every(({ passed }) => passed) ? 'accepted' : 'refused',
  }
}

export function transactionTraceJson(traced: TracedTransaction) {
  const { index, transaction, receipt, check, charge, action, compute } = traced
  return {
    index,
    hash: toHex(transaction.hash),
    kind: transaction.action.kind,
    from: formatAddress(transaction.from),
    status: receipt.status,
    error: receipt.error ?? null,
    gas: {
      limit: transaction.gasLimit,
      used: receipt.gasUsed,
      gram: receipt.gramUsed,
      steps: gasSteps(transaction.action),
      gram_steps: gramSteps(action.units),
      price: receipt.effectiveGasPrice.toString(),
      fee: (BigInt(receipt.gasUsed + receipt.gramUsed) * receipt.effectiveGasPrice).toString(),
    },
    check: stepJson(check),
    charge: stepJson(charge),
    action: stepJson(action),
    compute: compute === undefined ? null : computeJson(traced, compute),
  }
}

const placeJson = ({ block: { header, hash } }: TracedBlock) => ({
  height: header.height,
  hash: toHex(hash),
  epoch: header.epoch,
  state_root: toHex(header.stateRoot),
})

export function blockTraceJson(traced: TracedBlock) {
  const total = traced.block.transactions.length
  const next = (traced.transactions.at(-1)?.index ?? -1) + 1
  return {
    ...placeJson(traced),
    begin: stepJson(traced.begin),
    transactions: traced.transactions.map(transactionTraceJson),
    transaction_count: total,
    next_transaction: traced.transactions.length > 0 && next < total ? next : null,
    end: stepJson(traced.end),
  }
}

/** One line for each part of a block, in order: `begin`, each `transaction`, `end`. JSON without line breaks. */
export function* traceLines(traced: TracedBlock): Generator<string> {
  const { height } = traced.block.header
  yield JSON.stringify({ type: 'begin', ...placeJson(traced), ...stepJson(traced.begin) })
  for (const each of traced.transactions) {
    yield JSON.stringify({ type: 'transaction', height, ...transactionTraceJson(each) })
  }
  yield JSON.stringify({ type: 'end', height, ...stepJson(traced.end) })
}
