/** For people: which demand of a standard script was not met. */
import { covenantBody, decodeCovenantScript } from './covenant.ts'
import { SettlementError } from './errors.ts'
import { decodePermissionScript, permissionBody } from './permission.ts'

/**
 * @param offset in the redeem script, where the engine stopped
 * @returns undefined where nothing is demanded there, or the script is no standard one
 */
export function conditionAt(redeem: Uint8Array, offset: number): string | undefined {
  for (const bodyOf of [
    () => covenantBody(decodeCovenantScript(redeem).program),
    () => permissionBody(decodePermissionScript(redeem).depth),
  ]) {
    try {
      return bodyOf().conditions.get(offset)
    } catch (error) {
      if (!(error instanceof SettlementError)) throw error
    }
  }
  return undefined
}
