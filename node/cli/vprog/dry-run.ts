/**
 * The scripts of a transaction, run before it is sent: what fails here costs nothing, and says which demand was not met. Proofs
 * are believed, for the chain checks them; their gram is counted.
 */
import type { Address, Hash } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { accountUtxo, kipTransaction } from '../../../vm/covenant/view.ts'
import type { KipTransaction, ScriptPublicKey, UtxoEntry } from '../../../vm/kip/types.ts'
import { covenantContext } from '../../../vm/script/covenants.ts'
import { runInput, type ScriptFailure } from '../../../vm/script/engine.ts'
import { UNITS_PER_GRAM } from '../../../vm/script/limits.ts'
import { conditionAt } from '../../../vm/settlement/conditions.ts'
import { SettlementError } from '../../../vm/settlement/errors.ts'
import { pushedItems } from '../../../vm/settlement/pushes.ts'
import { recordingVerifier } from '../../../vm/zk/verify.ts'

/** An output as the chain holds it. */
export interface HeldOutput {
  readonly grains: bigint
  readonly spk: ScriptPublicKey
  readonly covenantId?: Hash
  /** Of the block that made it. */
  readonly height: number
}

export interface DryRun {
  readonly body: CovenantBody
  readonly sender: Address
  readonly nonce: number
  /** What the inputs spend, in their order. */
  readonly spent: readonly HeldOutput[]
  /** Of the block that would hold it. */
  readonly height: number
  /** The commitment of the one block that a script asks for. */
  readonly seqCommit?: Hash
}

/** What no block has room for. */
const MAX_GRAM = 10_000_000

export const utxosOf = ({ body, spent, height }: Pick<DryRun, 'body' | 'spent' | 'height'>): UtxoEntry[] => {
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
  const added = sum(body.outputs.map(({ value }) => value)) - sum(spent.map(({ grains }) => grains))
  return [
    ...spent.map(({ grains, spk, covenantId, height: made }) => ({
      ...{ amount: grains, spk, daaScore: BigInt(made), isCoinbase: false },
      ...(covenantId === undefined ? {} : { covenantId }),
    })),
    accountUtxo(added > 0n ? added : 0n, height),
  ]
}

/** The gram that the scripts use. @throws QuernError `SCRIPT_FAILED`, and those of bindings (KIP-20) */
export function gramOf(run: DryRun): number {
  const transaction = kipTransaction(run.body, run.sender, run.nonce)
  const utxos = utxosOf(run)
  const covenants = covenantContext(transaction, utxos)
  if (!covenants.ok) throw new QuernError(covenants.error.code, covenants.error.message)
  let units = 0
  for (const inputIndex of run.body.inputs.keys()) {
    const outcome = runInput({
      ...{ transaction, utxos, inputIndex, covenants: covenants.value },
      unitLimit: MAX_GRAM * UNITS_PER_GRAM - units,
      seqCommitOf: () => run.seqCommit,
      proofs: recordingVerifier([]),
    })
    if (!outcome.ok) throw new QuernError('SCRIPT_FAILED', failureText(transaction, inputIndex, outcome.error))
    units += outcome.unitsUsed
  }
  return Math.ceil(units / UNITS_PER_GRAM)
}

function failureText(transaction: KipTransaction, input: number, { code, message, at }: ScriptFailure): string {
  const demand = at?.script === 'redeem' ? demandAt(transaction.inputs[input]!.signatureScript, at.offset) : undefined
  return demand === undefined
    ? `input ${input} would stay locked: ${code}: ${message}`
    : `input ${input} would stay locked: its script demands that ${demand} (${code})`
}

function demandAt(signatureScript: Uint8Array, offset: number): string | undefined {
  try {
    return conditionAt(pushedItems(signatureScript).at(-1) ?? new Uint8Array(0), offset)
  } catch (error) {
    if (error instanceof SettlementError) return undefined
    throw error
  }
}
