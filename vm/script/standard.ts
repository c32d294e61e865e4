/** The standard forms of scripts: pay to a key, and pay to a script's hash. */
import { concatBytes, type Hash } from '../../core/bytes.ts'
import { blake2b256 } from '../kip/hashers.ts'
import type { ScriptPublicKey } from '../kip/types.ts'
import { OP } from './opcodes.ts'

/** Versions above are unlocked by anything: they are for rules to come. */
export const MAX_SPK_VERSION = 0

const HASH_BYTES = 32
const P2SH_BYTES = 35

const spk = (...parts: readonly Uint8Array[]): ScriptPublicKey => ({ version: 0, script: concatBytes(...parts) })

export const isPayToScriptHash = (script: Uint8Array): boolean =>
  script.length === P2SH_BYTES &&
  script[0] === OP.OpBlake2b &&
  script[1] === HASH_BYTES &&
  script[P2SH_BYTES - 1] === OP.OpEqual

/** Unlocked by the script whose BLAKE2b-256 this is. */
export const payToHash = (hash: Hash): ScriptPublicKey =>
  spk(Uint8Array.of(OP.OpBlake2b, HASH_BYTES), hash, Uint8Array.of(OP.OpEqual))

export const payToScript = (redeem: Uint8Array): ScriptPublicKey => payToHash(blake2b256(redeem))

/** Unlocked by a Schnorr signature. @param key x coordinate, 32 bytes */
export const payToKey = (key: Uint8Array): ScriptPublicKey =>
  spk(Uint8Array.of(key.length), key, Uint8Array.of(OP.OpCheckSig))
