/**
 * The protection file: the last place a validator signed at, to be carried with its key to another machine, so that the new
 * one signs nothing that the old one may have signed.
 *
 *     {format: "quern-signing-protection", version, genesisHash, publicKey, epoch, view}
 */
import { type Hash, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { replaceFile } from '../durable-file.ts'
import { readFields } from './fields.ts'
import { isPlace, type Place } from './place.ts'

export type ProtectionErrorCode = 'PROTECTION_INVALID' | 'PROTECTION_OTHER_CHAIN' | 'PROTECTION_OTHER_KEY'

const FORMAT = 'quern-signing-protection'
const VERSION = 1

export interface ProtectedKey {
  readonly genesisHash: Hash
  readonly blsPublicKey: Uint8Array
}

/** @throws errors of the file system */
export const writeProtection = (
  file: string,
  { genesisHash, blsPublicKey }: ProtectedKey,
  place: Place,
): Promise<void> => {
  const { epoch, view } = place
  const value = {
    format: FORMAT,
    version: VERSION,
    genesisHash: toHex(genesisHash),
    publicKey: toHex(blsPublicKey),
    epoch,
    view,
  }
  return replaceFile(file, `${JSON.stringify(value, null, 2)}\n`)
}

/** @throws QuernError `ProtectionErrorCode` */
export function readProtection(file: string, { genesisHash, blsPublicKey }: ProtectedKey): Place {
  const invalid = (why: string, cause?: unknown): QuernError<ProtectionErrorCode> =>
    new QuernError('PROTECTION_INVALID', `${file} ${why}: export it again on the old machine`, {}, { cause })
  const fields = readFields(file, invalid)
  if (fields === undefined) throw invalid('does not exist')
  if (fields.format !== FORMAT) throw invalid(`is not a protection file: its format is not "${FORMAT}"`)
  if (fields.version !== VERSION) {
    throw invalid(`is of version ${String(fields.version)}, this is version ${VERSION}`)
  }
  if (fields.genesisHash !== toHex(genesisHash)) {
    throw new QuernError('PROTECTION_OTHER_CHAIN', `${file} is of another genesis: it says nothing about this chain`)
  }
  if (fields.publicKey !== toHex(blsPublicKey)) {
    throw new QuernError('PROTECTION_OTHER_KEY', `${file} is of another key: import the key that it belongs to`)
  }
  if (!isPlace(fields)) throw invalid('has no usable epoch and view')
  return { epoch: fields.epoch, view: fields.view }
}
