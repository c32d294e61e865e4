/** Where a transaction's gas goes: the parts that `intrinsicGas` (gas.ts) adds up. PROTOCOL 2. */
import { GAS, intrinsicGas, STAKE_REGISTRATION_GAS } from '../gas.ts'
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
