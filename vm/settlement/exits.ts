/**
 * Exits: what a program pays out on L1. In a transaction's journal an exit is tag, key or hash, amount u64 LE; on L1 it pays the
 * standard script that the tag names. Source: vprogs zk/abi.
 */
import { concatBytes, equalBytes } from '../../core/bytes.ts'
import { MAX_GRAINS } from '../covenant/types.ts'
import { u64le } from '../kip/encode.ts'
import { OP } from '../script/opcodes.ts'
import { SettlementError } from './errors.ts'

export const EXIT_TAG = { schnorrKey: 0, ecdsaKey: 1, scriptHash: 8 } as const

/** By tag: the script is `head`, `bytes` of key or hash, `tail`. */
const FORMS: ReadonlyMap<number, { readonly bytes: number; readonly head: Uint8Array; readonly tail: number }> =
  new Map([
    [EXIT_TAG.schnorrKey, { bytes: 32, head: Uint8Array.of(32), tail: OP.OpCheckSig }],
    [EXIT_TAG.ecdsaKey, { bytes: 33, head: Uint8Array.of(33), tail: OP.OpCheckSigECDSA }],
    [EXIT_TAG.scriptHash, { bytes: 32, head: Uint8Array.of(OP.OpBlake2b, 32), tail: OP.OpEqual }],
  ])

export interface Exit {
  /** Of a script public key of version 0. */
  readonly script: Uint8Array
  /** Grains, from 1 on; 0 in a bundle stands for an exit that was claimed. */
  readonly amount: bigint
}

const AMOUNT_BYTES = 8

/**
 * One bundle's exits, one after another.
 * @throws SettlementError `EXIT_MALFORMED`, `EXIT_AMOUNT`
 */
export function decodeExits(bytes: Uint8Array): Exit[] {
  const exits: Exit[] = []
  for (let at = 0; at < bytes.length; ) {
    const form = FORMS.get(bytes[at]!)
    if (form === undefined)
      throw new SettlementError('EXIT_MALFORMED', `an exit begins with 0, 1 or 8, not ${bytes[at]}`)
    const end = at + 1 + form.bytes + AMOUNT_BYTES
    if (end > bytes.length) throw new SettlementError('EXIT_MALFORMED', 'the last exit is cut off')
    const holder = bytes.subarray(at + 1, end - AMOUNT_BYTES)
    const amount = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(end - AMOUNT_BYTES, true)
    exits.push({ script: concatBytes(form.head, holder, Uint8Array.of(form.tail)), amount: checked(amount) })
    at = end
  }
  return exits
}

/** @throws SettlementError `EXIT_MALFORMED`, `EXIT_AMOUNT` */
export function encodeExit(tag: number, holder: Uint8Array, amount: bigint): Uint8Array {
  if (FORMS.get(tag)?.bytes !== holder.length) {
    throw new SettlementError('EXIT_MALFORMED', `no exit of tag ${tag} goes to ${holder.length} bytes`)
  }
  return concatBytes(Uint8Array.of(tag), holder, u64le(checked(amount)))
}

/** Whom a script pays, where an exit can pay to it. */
export function holderOf(script: Uint8Array): { readonly tag: number; readonly holder: Uint8Array } | undefined {
  for (const [tag, { head, bytes, tail }] of FORMS) {
    const holder = script.slice(head.length, head.length + bytes)
    if (equalBytes(concatBytes(head, holder, Uint8Array.of(tail)), script)) return { tag, holder }
  }
  return undefined
}

/**
 * One bundle's exits as `decodeExits` reads them.
 * @throws SettlementError `EXIT_MALFORMED`, `EXIT_AMOUNT`
 */
export const encodeExits = (exits: readonly Exit[]): Uint8Array =>
  concatBytes(
    ...exits.map(({ script, amount }) => {
      const to = holderOf(script)
      if (to !== undefined) return encodeExit(to.tag, to.holder, amount)
      throw new SettlementError('EXIT_MALFORMED', 'an exit pays to a Schnorr key, an ECDSA key or the hash of a script')
    }),
  )

function checked(amount: bigint): bigint {
  if (amount > 0n && amount <= MAX_GRAINS) return amount
  throw new SettlementError('EXIT_AMOUNT', `an exit pays 1 to ${MAX_GRAINS} grains, not ${amount}`)
}
