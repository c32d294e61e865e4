/** The traces of replayed blocks, as lines of JSON in a file. */
import fs from 'node:fs/promises'
import { QuernError } from '../../core/errors.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import { traceLines } from '../trace/json.ts'
import { traceBlock } from '../trace/trace-block.ts'
import type { ReplayStep } from './replay.ts'
import type { ReplaySource } from './source.ts'

/** Written at once: a full block has hundreds of megabytes of trace. */
const CHUNK_CHARACTERS = 1 << 20

export class TraceFile {
  readonly #handle: fs.FileHandle
  readonly #rules: ExecutionRules

  private constructor(handle: fs.FileHandle, rules: ExecutionRules) {
    this.#handle = handle
    this.#rules = rules
  }

  /** @throws QuernError `TRACE_FILE` where the file is there already, or cannot be made */
  static async open(file: string, { rules }: ReplaySource): Promise<TraceFile> {
    const handle = await fs.open(file, 'wx').catch((cause: unknown) => {
      throw new QuernError(
        'TRACE_FILE',
        `cannot make ${file}: name a file that is not there, in a folder that is`,
        {},
        { cause },
      )
    })
    return new TraceFile(handle, rules)
  }

  async block({ applied, parent, before }: ReplayStep): Promise<void> {
    const { block, transactions } = applied
    const traced = await traceBlock({ block, parent, transactions, state: before, rules: this.#rules })
    let chunk = ''
    for (const line of traceLines(traced)) {
      chunk += `${line}\n`
      if (chunk.length < CHUNK_CHARACTERS) continue
      await this.#handle.write(chunk)
      chunk = ''
    }
    await this.#handle.write(chunk)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
