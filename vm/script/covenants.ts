/**
 * How a transaction's inputs and outputs belong to covenants (KIP-20). Outputs that continue a covenant stand in the
 * contexts that scripts ask about; those that begin one do not, so that no script takes one for the other.
 * Source: rusty-kaspa crypto/txscript/src/covenants.rs.
 */
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { fail, ok, type Result } from '../../core/errors.ts'
import { covenantId } from '../kip/covenant-id.ts'
import type { KipOutput, KipTransaction, UtxoEntry } from '../kip/types.ts'

export type CovenantErrorCode = 'COVENANT_GENESIS_ID' | 'COVENANT_AUTHORIZING_INPUT'

interface Shared {
  readonly inputs: number[]
  readonly outputs: number[]
}

const NONE: Shared = { inputs: [], outputs: [] }

export class CovenantContext {
  /** By covenant id: indexes of inputs that carry it and of outputs that continue it. */
  readonly #shared = new Map<string, Shared>()
  /** By input: outputs that it continues into. */
  readonly #authorized = new Map<number, number[]>()

  inputsOf(id: Hash): readonly number[] {
    return (this.#shared.get(hexKey(id)) ?? NONE).inputs
  }

  outputsOf(id: Hash): readonly number[] {
    return (this.#shared.get(hexKey(id)) ?? NONE).outputs
  }

  authorizedBy(input: number): readonly number[] {
    return this.#authorized.get(input) ?? []
  }

  addInput(id: Hash, input: number): void {
    const shared = this.#shared.get(hexKey(id))
    if (shared === undefined) this.#shared.set(hexKey(id), { inputs: [input], outputs: [] })
    else shared.inputs.push(input)
  }

  addContinuation(id: Hash, input: number, output: number): void {
    this.#shared.get(hexKey(id))!.outputs.push(output)
    const authorized = this.#authorized.get(input)
    if (authorized === undefined) this.#authorized.set(input, [output])
    else authorized.push(output)
  }
}

/** @returns the contexts, or which binding is false */
export function covenantContext(
  tx: KipTransaction,
  utxos: readonly UtxoEntry[],
): Result<CovenantContext, CovenantErrorCode> {
  const context = new CovenantContext()
  for (const [i, { covenantId: id }] of utxos.entries()) if (id !== undefined) context.addInput(id, i)

  const begun = new Map<string, { input: number; id: Hash; outputs: [number, KipOutput][] }>()
  for (const [i, output] of tx.outputs.entries()) {
    if (output.binding === undefined) continue
    const { authorizingInput: input, covenantId: id } = output.binding
    const spent = utxos[input]
    if (spent === undefined) {
      return fail('COVENANT_AUTHORIZING_INPUT', `output ${i} is bound to input ${input}, and there is none`)
    }
    if (spent.covenantId !== undefined && equalBytes(spent.covenantId, id)) {
      context.addContinuation(id, input, i)
      continue
    }
    const key = `${input} ${hexKey(id)}`
    const group = begun.get(key)
    if (group === undefined) begun.set(key, { input, id, outputs: [[i, output]] })
    else group.outputs.push([i, output])
  }
  for (const { input, id, outputs } of begun.values()) {
    const expected = covenantId(tx.inputs[input]!.outpoint, outputs)
    if (!equalBytes(expected, id)) {
      return fail('COVENANT_GENESIS_ID', `outputs bound to input ${input} begin covenant ${hexKey(expected)}`, {
        named: hexKey(id),
      })
    }
  }
  return ok(context)
}
