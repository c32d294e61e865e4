/** Why settlement data was refused before any script ran. */
import { QuernError } from '../../core/errors.ts'

export type SettlementErrorCode =
  | 'JOURNAL_LENGTH'
  | 'JOURNAL_FIELD_LENGTH'
  | 'JOURNAL_STATE'
  | 'JOURNAL_PROGRAM'
  | 'JOURNAL_PERMISSION'
  | 'JOURNAL_DEPOSIT'
  | 'EXIT_MALFORMED'
  | 'EXIT_AMOUNT'
  | 'EXIT_COUNT'
  | 'EXIT_INDEX'
  | 'PROGRAM_FIELD_LENGTH'
  | 'REDEEM_SCRIPT_UNKNOWN'
  | 'SIGNATURE_SCRIPT_MALFORMED'
  | 'CLAIM_AMOUNT'
  | 'CLAIM_FUNDS'

export class SettlementError extends QuernError<SettlementErrorCode> {}
