/**
 * validator/reporter.json: the account that pays when this validator reports another one's equivocation. It needs a little
 * CPC and nothing else; it is in the clear, so keep no more in it.
 */
import { formatAddress } from '../../core/address.ts'
import { fromHex, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import type { Reporter } from '../validator/accountability.ts'
import { readFields } from './fields.ts'
import { writeOnce } from './key-file.ts'

const VERSION = 1

/** @returns undefined where there is no file @throws QuernError `REPORTER_INVALID` */
export function readReporter(file: string): Reporter | undefined {
  const invalid = (why: string, cause?: unknown): QuernError =>
    new QuernError('REPORTER_INVALID', `${file} ${why}: remove it to run without an account for reports`, {}, { cause })
  const fields = readFields(file, invalid)
  if (fields === undefined) return undefined
  const { version, privateKey: text } = fields
  if (version !== VERSION) throw invalid(`is of version ${String(version)}, this is version ${VERSION}`)
  if (typeof text !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(text)) throw invalid('has no usable privateKey')
  const privateKey = fromHex(text)
  return { address: privateKeyToAddress(privateKey), privateKey }
}

/** @throws QuernError `VALIDATOR_KEY_EXISTS` */
export const writeReporter = (file: string, privateKey: Uint8Array): void =>
  writeOnce(file, {
    version: VERSION,
    address: formatAddress(privateKeyToAddress(privateKey)),
    privateKey: toHex(privateKey),
  })
