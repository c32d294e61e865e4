/** Refusals thrown by the decoders: the transaction can be in no block and no mempool. */
import { QuernError } from '../../core/errors.ts'
import type { RefusalCode } from '../execution/types.ts'

export const refuse = (code: RefusalCode, message: string, cause?: unknown): QuernError<RefusalCode> =>
  new QuernError(code, message, {}, cause === undefined ? undefined : { cause })

/** Runs a decoder; whatever the codecs below find wrong with the bytes becomes `TX_MALFORMED`. */
export function asMalformed<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof QuernError) || cause.code.startsWith('TX_')) throw cause
    throw refuse('TX_MALFORMED', `transaction is malformed (${cause.message}): encode it again`, cause)
  }
}
