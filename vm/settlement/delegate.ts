/**
 * Where deposits lie: outputs that only a claim of the covenant's exits may spend. The script says: I am not input 0, input 0
 * carries this covenant, and its signature script ends as permission scripts do.
 * Source: vprogs zk/abi/src/delegate_script.rs.
 */
import { concatBytes, fromHex, type Hash } from '../../core/bytes.ts'
import { blake2b256 } from '../kip/hashers.ts'
import type { ScriptPublicKey } from '../kip/types.ts'
import { pushBytes } from '../script/assembly.ts'
import { OP } from '../script/opcodes.ts'
import { payToHash } from '../script/standard.ts'

/** Ends of redeem scripts, which change no result: delegates open for the first. */
export const PERMISSION_MARKS = Uint8Array.of(OP.OpTrue, OP.OpDrop)
export const SETTLEMENT_MARKS = Uint8Array.of(OP.OpFalse, OP.OpDrop)

export const DELEGATE_PREFIX = fromHex('b900a06900cf20')
export const DELEGATE_SUFFIX = fromHex('880000c97652947cbc0251758851')

/** 53 bytes. */
export const delegateScript = (covenantId: Hash): Uint8Array =>
  concatBytes(DELEGATE_PREFIX, covenantId, DELEGATE_SUFFIX)

/** What a journal names where its program takes deposits. */
export const depositHash = (covenantId: Hash): Hash => blake2b256(delegateScript(covenantId))

/** What a deposit pays to. */
export const depositSpk = (covenantId: Hash): ScriptPublicKey => payToHash(depositHash(covenantId))

/** What spends a deposit in a claim. */
export const delegateSignatureScript = (covenantId: Hash): Uint8Array => pushBytes(delegateScript(covenantId))
