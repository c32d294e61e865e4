/** Why a script does not unlock its output. The names are Kaspa's; the message says what was found. */

export type ScriptErrorCode =
  | 'MALFORMED_PUSH'
  | 'INVALID_INPUT_INDEX'
  | 'INVALID_OUTPUT_INDEX'
  | 'STACK_SIZE_EXCEEDED'
  | 'INVALID_OPCODE'
  | 'OPCODE_RESERVED'
  | 'OPCODE_DISABLED'
  | 'EMPTY_STACK'
  | 'CLEAN_STACK'
  | 'EVAL_FALSE'
  | 'EARLY_RETURN'
  | 'VERIFY'
  | 'INVALID_STATE'
  | 'INVALID_PUBKEY'
  | 'INVALID_SIGNATURE'
  | 'TOO_MANY_OPERATIONS'
  | 'ELEMENT_TOO_BIG'
  | 'NUMBER_TOO_LONG'
  | 'NUMBER_TOO_BIG'
  | 'UNSATISFIED_LOCK_TIME'
  | 'NULL_FAIL'
  | 'INVALID_SIGNATURE_COUNT'
  | 'INVALID_PUBKEY_COUNT'
  | 'INVALID_SIG_HASH_TYPE'
  | 'PUBKEY_FORMAT'
  | 'SIGNATURE_SCRIPT_NOT_PUSH_ONLY'
  | 'UNBALANCED_CONDITIONAL'
  | 'INVALID_STACK_OPERATION'
  | 'SCRIPT_SIZE'
  | 'SCRIPT_UNITS_EXCEEDED'
  | 'ZK_INTEGRITY'
  | 'OUT_OF_BOUNDS_SUBSTRING'
  | 'INVALID_INDEX'
  | 'INVALID_RANGE'
  | 'INVALID_HASH_LENGTH'
  | 'BLOCK_UNKNOWN'
  | 'COVENANT_INDEX'

/** Ends a run; it does not leave `runInput`. */
export class ScriptError extends Error {
  readonly code: ScriptErrorCode

  constructor(code: ScriptErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
