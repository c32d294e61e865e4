/**
 * The rule of kinds 16 and 17: what a transaction spends is there, its scripts allow it, its bindings are true (KIP-20), and
 * not a grain appears or vanishes. Everything is decided before the first write. PROTOCOL 8.
 */
import { type Address, type Hash, hexKey } from '../../core/bytes.ts'
import { type Failure, fail, ok, type Result } from '../../core/errors.ts'
import { transactionId } from '../kip/hashing.ts'
import type { KipOutput, KipTransaction, Outpoint, UtxoEntry } from '../kip/types.ts'
import { type CovenantContext, covenantContext } from '../script/covenants.ts'
import { runInput } from '../script/engine.ts'
import {
  FINAL_SEQUENCE,
  LOCK_TIME_THRESHOLD,
  SEQUENCE_LOCK_DISABLED,
  SEQUENCE_LOCK_MASK,
  UNITS_PER_GRAM,
} from '../script/limits.ts'
import { accountOf, setAccount } from '../state/account.ts'
import type { StateView } from '../state/view.ts'
import type { ProofVerifier } from '../zk/verify.ts'
import { type CovenantRecord, covenants, type OutputRecord, outputs, WEI_PER_GRAIN } from './tables.ts'
import { type CovenantBody, MAX_GRAINS, type SpendErrorCode } from './types.ts'
import { accountUtxo, kipTransaction } from './view.ts'

export interface SpendContext {
  readonly state: StateView
  readonly sender: Address
  /** Of the transaction. */
  readonly nonce: number
  readonly height: number
  readonly timestampMs: number
  /** Gram that the gas limit leaves for scripts. */
  readonly gramLimit: number
  /** Wei that must stay in the sender's account, to pay for them. */
  readonly reservedWei: bigint
  readonly seqCommitOf: (blockHash: Hash) => Hash | undefined
  readonly proofs: ProofVerifier
}

/** Gram is used whether the transaction succeeds or not. */
export interface SpendOutcome {
  readonly gramUsed: number
  /** Script units of each input whose script ran, in order: the last one's failed, where one did. */
  readonly units: readonly number[]
  readonly failure: Failure<SpendErrorCode> | undefined
  readonly transaction: KipTransaction
}

interface Plan {
  readonly spent: readonly OutputRecord[]
  /** Taken from the sender; negative where the outputs hold less than the inputs. */
  readonly addedGrains: bigint
  readonly utxos: readonly UtxoEntry[]
  readonly covenants: CovenantContext
}

export function spend(body: CovenantBody, context: SpendContext): SpendOutcome {
  const transaction = kipTransaction(body, context.sender, context.nonce)
  const plan = planOf(body, transaction, context)
  if (!plan.ok) return { gramUsed: 0, units: [], failure: plan.error, transaction }
  const ran = runScripts(body, transaction, plan.value, context)
  if (ran.failure === undefined) write(body, transaction, plan.value, context)
  return { ...ran, transaction }
}

function planOf(body: CovenantBody, transaction: KipTransaction, context: SpendContext): Result<Plan, SpendErrorCode> {
  const { state, sender, height, reservedWei } = context
  const spent: OutputRecord[] = []
  const seen = new Set<string>()
  for (const [i, input] of body.inputs.entries()) {
    const { txId, index } = input.outpoint
    const name = `${hexKey(txId)}:${index}`
    if (seen.has(name))
      return fail('OUTPUT_SPENT_TWICE', `input ${i} spends what another input spends: name each output once`)
    seen.add(name)
    const output = state.get(outputs, input.outpoint)
    if (output === undefined)
      return fail(
        'OUTPUT_UNKNOWN',
        `input ${i} spends an output that is not there: it was spent, or its transaction failed`,
      )
    spent.push(output)
  }
  const locked = lockOf(body, spent, context)
  if (locked !== undefined) return { ok: false, error: locked }

  const held = spent.reduce((sum, { grains }) => sum + grains, 0n)
  const made = body.outputs.reduce((sum, { value }) => sum + value, 0n)
  if (held > MAX_GRAINS || made > MAX_GRAINS)
    return fail('GRAINS_OVERFLOW', `inputs and outputs hold at most ${MAX_GRAINS} grains each: send less`)
  const addedGrains = made - held
  const { balance } = accountOf(state, sender)
  if (addedGrains > 0n && balance - reservedWei < addedGrains * WEI_PER_GRAIN) {
    return fail('INSUFFICIENT_BALANCE', `the outputs take ${addedGrains} grains more than the account can give`)
  }
  const utxos = [...spent.map(utxoOf), accountUtxo(addedGrains > 0n ? addedGrains : 0n, height)]
  const bound = covenantContext(transaction, utxos)
  return bound.ok ? ok({ spent, addedGrains, utxos, covenants: bound.value }) : bound
}

const utxoOf = ({ grains, spk, covenantId, height }: OutputRecord): UtxoEntry => ({
  amount: grains,
  spk,
  daaScore: BigInt(height),
  isCoinbase: false,
  ...(covenantId === undefined ? {} : { covenantId }),
})

function lockOf(
  { lockTime, inputs }: CovenantBody,
  spent: readonly OutputRecord[],
  { height, timestampMs }: SpendContext,
): Failure<SpendErrorCode> | undefined {
  const now = BigInt(lockTime < LOCK_TIME_THRESHOLD ? height : timestampMs)
  const isOpen = lockTime < now || inputs.every(({ sequence }) => sequence === FINAL_SEQUENCE)
  if (!isOpen) return { code: 'TRANSACTION_LOCKED', message: `locked until after ${lockTime}, and it is ${now}` }
  for (const [i, { sequence }] of inputs.entries()) {
    const from =
      (sequence & SEQUENCE_LOCK_DISABLED) !== 0n ? 0n : BigInt(spent[i]!.height) + (sequence & SEQUENCE_LOCK_MASK)
    if (from > BigInt(height))
      return { code: 'OUTPUT_LOCKED', message: `input ${i} may be spent from block ${from} on` }
  }
  return undefined
}

/** The inputs listed; the account's needs no script, for the envelope is signed. */
function runScripts(
  { inputs }: CovenantBody,
  transaction: KipTransaction,
  { utxos, covenants: bound }: Plan,
  { gramLimit, seqCommitOf, proofs }: SpendContext,
): Omit<SpendOutcome, 'transaction'> {
  const units: number[] = []
  let sum = 0
  const gram = () => Math.ceil(sum / UNITS_PER_GRAM)
  for (const inputIndex of inputs.keys()) {
    const unitLimit = gramLimit * UNITS_PER_GRAM - sum
    const outcome = runInput({
      transaction,
      utxos,
      inputIndex,
      covenants: bound,
      unitLimit,
      seqCommitOf,
      proofs,
    })
    units.push(outcome.unitsUsed)
    sum += outcome.unitsUsed
    if (outcome.ok) continue
    const { code, message } = outcome.error
    if (code === 'SCRIPT_UNITS_EXCEEDED') {
      units[inputIndex] = unitLimit
      return {
        gramUsed: gramLimit,
        units,
        failure: { code: 'GRAM_EXCEEDED', message: `input ${inputIndex}: ${message}` },
      }
    }
    const failure = { code: 'SCRIPT_FAILED' as const, message: `input ${inputIndex}: ${code}: ${message}` }
    return { gramUsed: gram(), units, failure }
  }
  return { gramUsed: gram(), units, failure: undefined }
}

function write(
  body: CovenantBody,
  transaction: KipTransaction,
  plan: Plan,
  { state, sender, height }: SpendContext,
): void {
  for (const [i, { outpoint }] of body.inputs.entries()) {
    state.delete(outputs, outpoint)
    const { covenantId } = plan.spent[i]!
    if (covenantId !== undefined) change(state, covenantId, (c) => ({ ...c, liveOutputs: c.liveOutputs - 1 }))
  }
  if (body.outputs.length > 0) make(state, body.outputs, transaction, height)
  if (plan.addedGrains !== 0n) {
    const { nonce, balance } = accountOf(state, sender)
    setAccount(state, sender, { nonce, balance: balance - plan.addedGrains * WEI_PER_GRAIN })
  }
}

function make(state: StateView, made: readonly KipOutput[], transaction: KipTransaction, height: number): void {
  const txId = transactionId(transaction)
  for (const [index, { value, spk, binding }] of made.entries()) {
    const outpoint: Outpoint = { txId, index }
    const covenantId = binding?.covenantId
    state.set(outputs, outpoint, { grains: value, spk, covenantId, height })
    if (covenantId === undefined) continue
    const known = state.get(covenants, covenantId)
    const genesis = known?.genesis ?? transaction.inputs[binding!.authorizingInput]!.outpoint
    state.set(covenants, covenantId, {
      genesis,
      genesisHeight: known?.genesisHeight ?? height,
      liveOutputs: (known?.liveOutputs ?? 0) + 1,
      newest: outpoint,
    })
  }
}

function change(state: StateView, id: Hash, to: (record: CovenantRecord) => CovenantRecord): void {
  state.set(covenants, id, to(state.get(covenants, id)!))
}
