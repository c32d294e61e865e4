/** Runs the circuit's steps: the constraint polynomial, all constraints mixed by powers of one random element. */
import { EXT_ONE, EXT_ZERO, type Ext, encode, extAdd, extMul, extSub, fromBase } from './babybear.ts'
import { OP, type RecursionCircuit, STEP_WORDS } from './circuit.ts'

/** A sum of constraints so far, and the power of the mix that the next one takes. */
interface Chain {
  readonly total: Ext
  readonly power: Ext
}

/**
 * @param taps the registers' values, one for each tap
 * @param globals output words and accumulator mix, as `GetGlobal` numbers them
 */
export function evaluateConstraints(
  circuit: RecursionCircuit,
  mix: Ext,
  taps: readonly Ext[],
  globals: readonly [ArrayLike<number>, ArrayLike<number>],
): Ext {
  const { steps } = circuit
  const values: Ext[] = []
  const chains: Chain[] = []
  for (let at = 0; at < steps.length; at += STEP_WORDS) {
    const a = steps[at + 1]!
    const b = steps[at + 2]!
    const c = steps[at + 3]!
    switch (steps[at]) {
      case OP.const:
        values.push(fromBase(encode(a)))
        break
      case OP.constExt:
        values.push([encode(a), encode(b), encode(c), encode(steps[at + 4]!)])
        break
      case OP.get:
        values.push(taps[a]!)
        break
      case OP.getGlobal:
        values.push(fromBase(globals[a]![b]!))
        break
      case OP.add:
        values.push(extAdd(values[a]!, values[b]!))
        break
      case OP.sub:
        values.push(extSub(values[a]!, values[b]!))
        break
      case OP.mul:
        values.push(extMul(values[a]!, values[b]!))
        break
      case OP.true:
        chains.push({ total: EXT_ZERO, power: EXT_ONE })
        break
      case OP.andEqz: {
        const { total, power } = chains[a]!
        chains.push({ total: extAdd(total, extMul(power, values[b]!)), power: extMul(power, mix) })
        break
      }
      default: {
        const { total, power } = chains[a]!
        const inner = chains[c]!
        const conditional = extMul(extMul(values[b]!, inner.total), power)
        chains.push({ total: extAdd(total, conditional), power: extMul(power, inner.power) })
      }
    }
  }
  return chains[circuit.result]!.total
}
