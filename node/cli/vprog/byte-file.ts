/** Keys and proofs in files, as bytes or as text in hex. */
import fs from 'node:fs'
import { QuernError } from '../../../core/errors.ts'
import { hexBytes } from './arguments.ts'

/** @throws QuernError `FILE_MISSING` */
export function readBytes(file: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(fs.readFileSync(file))
  } catch (cause) {
    throw new QuernError('FILE_MISSING', `cannot read ${file}: check the path`, {}, { cause })
  }
  const text = Buffer.from(bytes).toString('latin1').trim()
  return /^(0x)?([0-9a-f]{2})+$/i.test(text) ? hexBytes(text, file) : bytes
}
