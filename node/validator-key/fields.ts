/** Reading the JSON files of a validator: whole or not at all. */
import fs from 'node:fs'

/** The largest of them, an encrypted key, takes a kilobyte. */
const MAX_FILE_BYTES = 1 << 16

/** @returns the object in the file, undefined where there is no file @throws what `invalid` makes of a reason */
export function readFields(
  file: string,
  invalid: (why: string, cause?: unknown) => Error,
): Readonly<Record<string, unknown>> | undefined {
  let text: string
  try {
    if (fs.statSync(file).size > MAX_FILE_BYTES) throw invalid(`is longer than ${MAX_FILE_BYTES} bytes`)
    text = fs.readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw code === undefined ? cause : invalid(`cannot be read (${code})`, cause)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid('is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('is not a JSON object')
  return value as Readonly<Record<string, unknown>>
}
