/**
 * Writes an archive (format.ts) from a store: to FILE.part, block by block with bounded memory, and under its name once it is
 * whole and on the disk. Interrupted and run again, it goes on behind the last block that is whole in FILE.part.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { encodeBlock } from '../../consensus/block.ts'
import { encodeCertificate } from '../../consensus/certificate.ts'
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Certificate } from '../../consensus/types.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import { encodeRlp, encodeUint } from '../../core/rlp.ts'
import { encodeReceipt } from '../../vm/execution/receipt.ts'
import { canonicalGenesis, type Genesis } from '../../vm/genesis.ts'
import type { StateWrite } from '../../vm/state/view.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { changesOf } from '../storage/changes.ts'
import { readBlock, readRecord } from './archive-reader.ts'
import { buffered, openSource } from './byte-source.ts'
import { ARCHIVE_FORMAT, encodeIndex, encodeRecord, HEADER_BYTES } from './format.ts'

export interface ExportOptions {
  readonly from: number
  /** Lowered to the newest block that a finalization names, so that the archive proves itself final. */
  readonly to: number
  readonly file: string
  /** With what every block changed in the state: two to three times as long, and a replay names the key that differs. */
  readonly withWrites?: boolean
  readonly onBlock?: (height: number, bytes: number) => void
}

export interface Exported {
  readonly file: string
  readonly first: number
  readonly last: number
  readonly lastHash: Hash
  readonly bytes: number
  /** How many blocks were found in FILE.part. */
  readonly resumed: number
}

const pack = promisify<Uint8Array, Buffer>((bytes, done) => zlib.deflateRaw(bytes, { level: 6 }, done))
/** Written at once. */
const CHUNK_BYTES = 1 << 20

/** @throws QuernError `ARCHIVE_RANGE`, `ARCHIVE_EXISTS`, `ARCHIVE_NOT_FINAL`, and those of the store */
export async function exportArchive(genesis: Genesis, chain: ChainStore, options: ExportOptions): Promise<Exported> {
  const { file, from } = options
  if (await exists(file)) throw new QuernError('ARCHIVE_EXISTS', `${file} is there already: name another file`)
  const to = lastFinalised(chain, from, options.to)
  const genesisHash = genesisBlock(genesis).block.hash
  const part = `${file}.part`
  const head = Buffer.concat([
    encodeRecord('version', new Uint8Array(0)),
    encodeRecord('origin', encodeRlp([encodeUint(ARCHIVE_FORMAT), genesisHash, encodeUint(from)])),
    encodeRecord('genesis', await pack(canonicalGenesis(genesis))),
  ])
  const offsets = await wholeBlocks(part, head, chain, from, to)
  // The last one may lack what follows its block.
  const cut = offsets.pop()
  const resumed = offsets.length
  const handle = await fs.open(part, (await exists(part)) ? 'r+' : 'w+')
  try {
    const writer = await PartWriter.open(handle, cut ?? 0)
    if (cut === undefined) await writer.add(head)
    for (let height = from + resumed; height <= to; height++) {
      offsets.push(writer.size)
      await writeBlock(writer, chain, height, options.withWrites === true)
      options.onBlock?.(height, writer.size)
    }
    const notarization = chain.notarization(to)
    if (notarization !== undefined) await writer.add(encodeRecord('notarization', certificate(notarization)))
    await writer.add(encodeRecord('checksum', writer.digest()))
    await writer.add(encodeRecord('index', encodeIndex(from, offsets, writer.size)))
    await writer.flush()
    await handle.truncate(writer.size)
    await handle.sync()
    await fs.rename(part, file)
    return { file, first: from, last: to, lastHash: hashAt(chain, to), bytes: writer.size, resumed }
  } finally {
    await handle.close()
  }
}

const exists = (file: string): Promise<boolean> =>
  fs.access(file).then(
    () => true,
    () => false,
  )

function lastFinalised(chain: ChainStore, from: number, to: number): number {
  const head = chain.head.header.height
  if (from < 1 || to > head || from > to) {
    throw new QuernError('ARCHIVE_RANGE', `the chain here has blocks 1 to ${head}: export some of those`, { head })
  }
  for (let height = to; height >= from; height--) if (chain.finalization(height) !== undefined) return height
  throw new QuernError('ARCHIVE_NOT_FINAL', `no finalization names a block from ${from} to ${to}: export more blocks`)
}

function hashAt(chain: ChainStore, height: number): Hash {
  const stored = chain.blockAt(height)
  assert(stored !== undefined, 'a final block is in the store', { height })
  return stored.block.hash
}

const certificate = (value: Certificate): Uint8Array => encodeRlp(encodeCertificate(value))

async function writeBlock(writer: PartWriter, chain: ChainStore, height: number, withWrites: boolean): Promise<void> {
  const stored = chain.blockAt(height)
  assert(stored !== undefined, 'a final block is in the store', { height })
  await writer.add(encodeRecord('block', await pack(encodeBlock(stored.block))))
  await writer.add(encodeRecord('receipts', await pack(encodeRlp(stored.receipts.map(encodeReceipt)))))
  const finalization = chain.finalization(height)
  if (finalization !== undefined) await writer.add(encodeRecord('certificate', certificate(finalization)))
  if (withWrites) await writer.add(encodeRecord('writes', await pack(encodeWrites(await changesOf(chain, height)))))
}

const encodeWrites = (writes: readonly StateWrite[]): Uint8Array =>
  encodeRlp(writes.map(({ treeKey, value }) => (value === undefined ? [treeKey] : [treeKey, value])))

/** Where the blocks of an interrupted export stand; nothing where it was another one, or cannot be read. */
async function wholeBlocks(part: string, head: Buffer, chain: ChainStore, from: number, to: number): Promise<number[]> {
  if (!(await exists(part))) return []
  const source = await openSource(part)
  const offsets: number[] = []
  try {
    if (source.size < head.length || !head.equals(await source.read(0, head.length))) return []
    const ahead = buffered(source)
    let at = head.length
    for (;;) {
      const record = await readRecord(ahead, at)
      if (record === undefined) return offsets
      if (record.name === 'block') {
        const height = from + offsets.length
        const isOurs = height <= to && equalBytes((await readBlock(record)).hash, hashAt(chain, height))
        if (!isOurs) return offsets
        offsets.push(at)
      }
      at += HEADER_BYTES + record.content.length
    }
  } catch (error) {
    // Torn where the export was interrupted.
    if (error instanceof QuernError) return offsets
    throw error
  } finally {
    await source.close()
  }
}

class PartWriter {
  readonly #handle: fs.FileHandle
  readonly #hasher = createHash('sha256')
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #written = 0

  private constructor(handle: fs.FileHandle) {
    this.#handle = handle
  }

  /** @param kept bytes at the start of the file that stay */
  static async open(handle: fs.FileHandle, kept: number): Promise<PartWriter> {
    const writer = new PartWriter(handle)
    const chunk = Buffer.alloc(CHUNK_BYTES)
    while (writer.#written < kept) {
      const { bytesRead } = await handle.read(chunk, 0, Math.min(CHUNK_BYTES, kept - writer.#written), writer.#written)
      assert(bytesRead > 0, 'the part was read a moment ago')
      writer.#hasher.update(chunk.subarray(0, bytesRead))
      writer.#written += bytesRead
    }
    return writer
  }

  get size(): number {
    return this.#written + this.#waitingBytes
  }

  /** Of all bytes so far. */
  digest(): Buffer {
    return this.#hasher.copy().digest()
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#hasher.update(bytes)
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes >= CHUNK_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    await this.#handle.write(bytes, 0, bytes.length, this.#written)
    this.#written += bytes.length
  }
}
