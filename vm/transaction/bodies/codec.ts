/** What every body codec of a native kind gives, and the fields several of them share. PROTOCOL 2. */
import { fromUtf8, utf8 } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { type RlpItem, rlpBytesMax } from '../../../core/rlp.ts'
import type { Action, KindName } from '../types.ts'

/** The body of one kind. `decode` accepts exactly what `encode` gives. */
export interface BodyCodec<K extends KindName> {
  readonly encode: (action: Extract<Action, { kind: K }>) => RlpItem
  /** @throws QuernError whatever is wrong with the item; the envelope decoder makes `TX_MALFORMED` of it */
  readonly decode: (item: RlpItem) => Extract<Action, { kind: K }>
}

export type BodyErrorCode = 'BODY_INVALID'

export const bodyInvalid = (why: string): QuernError<BodyErrorCode> => new QuernError('BODY_INVALID', why)

export const encodeText = (text: string): Uint8Array => utf8(text)

/** Strict UTF-8 of at most `maxBytes` bytes. */
export const decodeText = (item: RlpItem | undefined, maxBytes: number): string => fromUtf8(rlpBytesMax(item, maxBytes))
