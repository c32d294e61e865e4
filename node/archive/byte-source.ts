/** Where an archive's bytes come from: a file, or a web server that answers ranges. */
import fs from 'node:fs/promises'
import { QuernError } from '../../core/errors.ts'
import type { ArchiveErrorCode } from './format.ts'

export interface ByteSource {
  /** For messages. */
  readonly name: string
  readonly size: number
  /** Exactly so many bytes, within `size`. */
  read(offset: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

const failed = (why: string, cause?: unknown): QuernError<ArchiveErrorCode> =>
  new QuernError('ARCHIVE_SOURCE', why, {}, { cause })

/** @throws QuernError `ARCHIVE_SOURCE` */
export const openSource = (place: string): Promise<ByteSource> =>
  /^https?:\/\//.test(place) ? openUrl(place) : openFile(place)

async function openFile(file: string): Promise<ByteSource> {
  const handle = await fs.open(file).catch((cause: unknown) => {
    throw failed(`cannot read ${file}: check the path`, cause)
  })
  const { size } = await handle.stat()
  return {
    name: file,
    size,
    read: async (position, length) => {
      const buffer = Buffer.alloc(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
        if (bytesRead === 0) throw failed(`${file} ends early: was it changed while it was read?`)
        filled += bytesRead
      }
      return buffer
    },
    close: () => handle.close(),
  }
}

/** A server that says nothing for this long is gone. */
const PATIENCE_MS = 30_000

async function openUrl(url: string): Promise<ByteSource> {
  const ask = async (range: string): Promise<Response> => {
    const answer = await fetch(url, { headers: { range }, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
      (cause: unknown) => {
        throw failed(`${url} does not answer: check the address, or try again`, cause)
      },
    )
    if (answer.status !== 206) {
      await answer.body?.cancel()
      throw failed(
        `${url} answers ${answer.status} to a range: use a server that serves ranges, or fetch the file first`,
      )
    }
    return answer
  }
  const first = await ask('bytes=0-7')
  await first.body?.cancel()
  const size = Number(/\/(\d{1,15})$/.exec(first.headers.get('content-range') ?? '')?.[1])
  if (!Number.isSafeInteger(size)) throw failed(`${url} does not say how long it is: fetch the file first`)
  return {
    name: url,
    size,
    read: async (offset, length) => {
      if (length === 0) return Buffer.alloc(0)
      const answer = await ask(`bytes=${offset}-${offset + length - 1}`)
      const bytes = await readAtMost(answer, length)
      if (bytes.length !== length) throw failed(`${url} sent ${bytes.length} bytes of ${length}: try again`)
      return bytes
    },
    close: async () => {},
  }
}

/** A server may send more than it was asked for. */
async function readAtMost(answer: Response, most: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer.body ?? []) {
    length += part.length
    if (length > most) break
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Reads ahead, since whoever reads a record mostly reads the next. */
const AHEAD_BYTES = 1 << 20

/** @returns a source that asks for at least a MiB at a time */
export function buffered(source: ByteSource): ByteSource {
  let start = 0
  let held: Buffer = Buffer.alloc(0)
  return {
    ...source,
    read: async (offset, length) => {
      if (offset < start || offset + length > start + held.length) {
        held = await source.read(offset, Math.min(Math.max(length, AHEAD_BYTES), source.size - offset))
        start = offset
      }
      return held.subarray(offset - start, offset - start + length)
    },
  }
}
