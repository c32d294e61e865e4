/** Files of vectors: whole as JSON, or line by line; packed where their name ends in .gz. */
import fs from 'node:fs'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { messageOf, QuernError } from '../../core/errors.ts'
import { type JsonValue, parseJson } from '../../vm/conformance/json-value.ts'

/** Unpacked. A hundred times the largest file of vectors that the projects before us publish. */
const MAX_JSON_BYTES = 64 << 20
/** Unpacked, of a file that is read line by line and never held. */
const MAX_LINES_BYTES = 1 << 30
/** A block of the largest mass, in JSON, has a few MB. */
export const MAX_LINE_CHARS = 16 << 20

const tooLarge = (file: string, what: string): QuernError =>
  new QuernError('VECTOR_TOO_LARGE', `${file} ${what}: split it`, { file })

/** Counts what a packed file unpacks to, so that a small file cannot become a large one. */
function bounded(file: string, most: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length
      if (bytes > most) done(tooLarge(file, `has more than ${most} bytes`))
      else done(null, chunk)
    },
  })
}

async function* chunks(file: string, most: number): AsyncGenerator<string> {
  const source = fs.createReadStream(file)
  const limit = bounded(file, most).setEncoding('utf8')
  const done = file.endsWith('.gz') ? pipeline(source, createGunzip(), limit) : pipeline(source, limit)
  // It is awaited below; until then, a failure shows in the stream too.
  done.catch(() => undefined)
  try {
    for await (const chunk of limit as Readable) yield chunk as string
    await done
  } catch (cause) {
    if (cause instanceof QuernError) throw cause
    throw new QuernError('VECTOR_FILE_UNREADABLE', `${file} cannot be read (${messageOf(cause)})`, { file }, { cause })
  } finally {
    source.destroy()
  }
}

/** @throws QuernError `VECTOR_FILE_UNREADABLE`, `VECTOR_TOO_LARGE`, `VECTOR_MALFORMED` */
export async function readVectors(file: string): Promise<JsonValue> {
  let text = ''
  for await (const chunk of chunks(file, MAX_JSON_BYTES)) text += chunk
  return parseJson(text, 'file')
}

/** @throws QuernError `VECTOR_FILE_UNREADABLE`, `VECTOR_TOO_LARGE` */
export async function* readLines(file: string): AsyncGenerator<string> {
  let parts: string[] = []
  let length = 0
  for await (const chunk of chunks(file, MAX_LINES_BYTES)) {
    const [first = '', ...rest] = chunk.split('\n')
    parts.push(first)
    length += first.length
    for (const next of rest) {
      yield parts.join('')
      parts = [next]
      length = next.length
    }
    if (length > MAX_LINE_CHARS) throw tooLarge(file, `has a line of more than ${MAX_LINE_CHARS} characters`)
  }
  yield parts.join('')
}
