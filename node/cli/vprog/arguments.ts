/** What stands behind the arguments and flags of `quern vprog`. */
import { concatBytes, fromHex, type Hash, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { formatCpc, parseCpc } from '../../../core/units.ts'
import { WEI_PER_GRAIN } from '../../../vm/covenant/tables.ts'
import { MAX_GRAINS } from '../../../vm/covenant/types.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { decodeExits, EXIT_TAG, type Exit, encodeExit, holderOf } from '../../../vm/settlement/exits.ts'
import { isLaneId } from '../../../vm/transaction/bodies/covenant.ts'

const NAMESPACE_BYTES = 4
const LANE_ID_BYTES = 20

const invalid = (message: string): QuernError => new QuernError('ARGUMENT_INVALID', message)

/** @throws QuernError `ARGUMENT_INVALID` */
export function hexBytes(text: string, what: string, ...lengths: readonly number[]): Uint8Array {
  const digits = text.replace(/^0x/i, '')
  const isHex = /^([0-9a-f]{2})*$/i.test(digits)
  if (isHex && (lengths.length === 0 || lengths.includes(digits.length / 2))) return fromHex(digits)
  throw invalid(`${what} must be 0x and hex${lengths.length === 0 ? '' : ` of ${lengths.join(' or ')} bytes`}`)
}

/** @throws QuernError `ARGUMENT_INVALID` */
export const hash32 = (text: string, what: string): Hash => hexBytes(text, what, 32)

/** A namespace of four bytes, or a whole id. @throws QuernError `ARGUMENT_INVALID` */
export function laneIdOf(text: string): Uint8Array {
  const given = hexBytes(text, 'a lane', NAMESPACE_BYTES, LANE_ID_BYTES)
  const laneId = concatBytes(given, new Uint8Array(LANE_ID_BYTES - given.length))
  if (!isLaneId(laneId)) throw invalid('a lane is a namespace of four bytes, above 1, as 0x51554552')
  return laneId
}

/** CPC with at most eight decimals. @throws QuernError `AMOUNT_INVALID`, `ARGUMENT_INVALID` */
export function grainsOf(text: string, what: string): bigint {
  const wei = parseCpc(text)
  const grains = wei / WEI_PER_GRAIN
  if (wei % WEI_PER_GRAIN !== 0n) throw invalid(`${what} has more than 8 decimals: covenants hold whole grains`)
  if (grains < 1n || grains > MAX_GRAINS) throw invalid(`${what} must be 0.00000001 CPC or more`)
  return grains
}

export const cpcOfGrains = (grains: bigint): string => `${formatCpc(grains * WEI_PER_GRAIN)} CPC`

/** TXID:INDEX. @throws QuernError `ARGUMENT_INVALID` */
export function outpointOf(text: string): Outpoint {
  const [txId = '', index = ''] = text.split(':')
  if (!/^\d{1,9}$/.test(index)) throw invalid('an output is named TXID:INDEX')
  return { txId: hash32(txId, 'the TXID of an output'), index: Number(index) }
}

/**
 * HOLDER:CPC, where the holder is a public key (32 bytes: Schnorr, 33: ECDSA), `script:` and a script's hash, or `own`.
 * @param own x coordinate of the signer's key
 * @throws QuernError `ARGUMENT_INVALID`, `AMOUNT_INVALID`
 */
export function exitOf(text: string, own: Uint8Array): Exit {
  const at = text.lastIndexOf(':')
  if (at < 0) throw invalid('--exit is HOLDER:CPC, as own:2.5')
  const [tag, holder] = readHolder(text.slice(0, at), own)
  return decodeExits(encodeExit(tag, holder, grainsOf(text.slice(at + 1), 'an exit')))[0]!
}

function readHolder(text: string, own: Uint8Array): readonly [tag: number, holder: Uint8Array] {
  if (text === 'own') return [EXIT_TAG.schnorrKey, own]
  if (text.startsWith('script:')) return [EXIT_TAG.scriptHash, hash32(text.slice('script:'.length), "a script's hash")]
  if (/^(cpc1|0x[0-9a-f]{40}$)/i.test(text)) {
    throw invalid(`an exit goes to a key, not to an account: ask the holder of ${text} for \`quern vprog key\``)
  }
  const key = hexBytes(text, 'the holder of an exit', 32, 33)
  return [key.length === 32 ? EXIT_TAG.schnorrKey : EXIT_TAG.ecdsaKey, key]
}

const HOLDER_NAMES: ReadonlyMap<number, string> = new Map([
  [EXIT_TAG.schnorrKey, 'key'],
  [EXIT_TAG.ecdsaKey, 'ECDSA key'],
  [EXIT_TAG.scriptHash, 'script'],
])

/** For people: whom a script pays. */
export function describeScript(script: Uint8Array): string {
  const to = holderOf(script)
  return to === undefined ? `script of ${script.length} bytes` : `${HOLDER_NAMES.get(to.tag)} ${toHex(to.holder)}`
}
