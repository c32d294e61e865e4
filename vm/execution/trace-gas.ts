/** Where a transaction's gas goes, by the parts that `intrinsicGas` (gas.ts) adds up, and its gram, by inputs. PROTOCOL 2, 8. */
import { GAS, intrinsicGas, STAKE_REGISTRATION_GAS } from '../gas.ts'
import { UNITS_PER_GRAM } from '../script/limits.ts'
import type { Action } from '../transaction/types.ts'

export interface GasStep {
  /** `kind`: what every transaction of the kind pays; `registration`: first use of a BLS key; `payload`: for its bytes. */
  readonly step: 'kind' | 'registration' | 'payload'
  readonly gas: number
}

export function gasSteps(action: Action): GasStep[] {
  const ofKind = GAS[action.kind]
  const registration = action.kind === 'STAKE' && action.registration !== undefined ? STAKE_REGISTRATION_GAS : 0
  const steps: GasStep[] = [
    { step: 'kind', gas: ofKind },
    { step: 'registration', gas: registration },
    { step: 'payload', gas: intrinsicGas(action) - ofKind - registration },
  ]
  return steps.filter(({ gas }) => gas > 0)
}

export interface GramStep {
  readonly input: number
  readonly units: number
  /** Rounded once for all inputs, so each has what it adds to those before it. */
  readonly gram: number
}

/** @param units by input, of those whose script ran */
export function gramSteps(units: readonly number[]): GramStep[] {
  let sum = 0
  return units.map((each, input) => {
    const before = Math.ceil(sum / UNITS_PER_GRAM)
    sum += each
    return { input, units: each, gram: Math.ceil(sum / UNITS_PER_GRAM) - before }
  })
}
