/** What the settlement script and the permission script do alike: they look at their own bytes, and pay to a hash. */
import { concatBytes } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { OP } from '../script/opcodes.ts'
import { DELEGATE_PREFIX, DELEGATE_SUFFIX } from './delegate.ts'
import type { ScriptWriter, WrittenScript } from './script-writer.ts'

/** Version 0 and what stands before the hash, as introspection shows it. */
export const P2SH_HEAD = Uint8Array.of(0, 0, OP.OpBlake2b, 32)
const P2SH_TAIL = Uint8Array.of(OP.OpEqual)

/** Makes of the hash on top the bytes of the script public key that pays to it. */
export const payToTop = (writer: ScriptWriter): ScriptWriter =>
  writer.as('hash').push(P2SH_HEAD).take('hash').op(OP.OpCat).push(P2SH_TAIL).op(OP.OpCat)

/** Puts the hash of the covenant's delegate script on top. */
export const delegateHashOf = (writer: ScriptWriter, id: string): ScriptWriter =>
  writer.push(DELEGATE_PREFIX).copy(id).op(OP.OpCat).push(DELEGATE_SUFFIX).op(OP.OpCat).op(OP.OpBlake2b)

/**
 * Puts the body of the running script on top. The redeem script is the last push of input 0's signature script, and its body
 * ends it.
 */
export const ownBody = (writer: ScriptWriter, bodyBytes: number): ScriptWriter =>
  writer
    .push(0n)
    .push(0n)
    .op(OP.OpTxInputScriptSigLen)
    .as('end')
    .copy('end')
    .push(BigInt(bodyBytes))
    .op(OP.OpSub)
    .take('end')
    .op(OP.OpTxInputScriptSigSubstr)

/** From here to `MAX_BODY_BYTES` a script pushes a length in two bytes, so a body can name its own. */
const MIN_BODY_BYTES = 0x80
const MAX_BODY_BYTES = 0x7fff

/** A body that names its own length. */
export function selfMeasured(write: (bodyBytes: number) => WrittenScript): WrittenScript {
  const { length } = write(MIN_BODY_BYTES).script
  assert(length >= MIN_BODY_BYTES && length <= MAX_BODY_BYTES, 'a body names its length in two bytes', { length })
  return write(length)
}

/** A state, pushed field by field: each is shorter than what an opcode pushes by itself. */
export const statePrefix = (...fields: readonly Uint8Array[]): Uint8Array =>
  concatBytes(...fields.flatMap((field) => [Uint8Array.of(field.length), field]))
