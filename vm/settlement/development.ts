/** A settler for development networks: in place of a proof, the network's key signs the journal. */
import type { CovenantBody } from '../covenant/types.ts'
import { signDevelopment } from '../zk/development.ts'
import { decodeCovenantScript } from './covenant.ts'
import { journalDigest } from './journal.ts'
import { type Settlement, settlement } from './transactions.ts'

/**
 * @param secretKey of the network's development key, 32 bytes
 * @throws SettlementError as `settlement` does
 */
export function developmentSettlement(given: Omit<Settlement, 'proof'>, secretKey: Uint8Array): CovenantBody {
  const { imageId } = decodeCovenantScript(given.covenant.redeem).program
  const signature = signDevelopment(imageId, journalDigest(given.journal), secretKey)
  return settlement({ ...given, proof: [signature] })
}
