/**
 * What a proof costs, in script units; 100 of them are a gram (PROTOCOL 8). A tag's own price is charged before its operands are
 * looked at, the price of `gamma_abc` once the arity is right and before its points are decoded.
 */
import { ok, type Result } from '../../core/errors.ts'
import { verdictOf, type ZkErrorCode } from './errors.ts'
import { checkArity } from './groth16/encoding.ts'
import { ZK_TAG, type ZkOperands } from './operands.ts'

const TAG_UNITS: ReadonlyMap<number, number> = new Map([
  [ZK_TAG.groth16, 14_000_000],
  [ZK_TAG.succinct, 25_000_000],
  // A signature, as any other in a script.
  [ZK_TAG.development, 100_000],
])
const GAMMA_ABC_UNITS = 250_000

/** Script units of a tag by itself; undefined where there is no such tag. */
export const tagUnits = (tag: number): number | undefined => TAG_UNITS.get(tag)

/** Script units of the operands beside the tag's. */
export function operandUnits(operands: ZkOperands): Result<number, ZkErrorCode> {
  if (operands.tag !== ZK_TAG.groth16) return ok(0)
  const { key, inputs } = operands
  const arity = verdictOf(() => checkArity(key, inputs.length))
  return arity.ok ? ok(GAMMA_ABC_UNITS * (inputs.length + 1)) : arity
}
