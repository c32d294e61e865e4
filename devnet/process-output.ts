/** What a validator's process prints: the line that says it is ready, and the errors it ends with. */
import type { ChildProcess } from 'node:child_process'
import { QuernError } from '../core/errors.ts'

/** Of what it writes to stderr, kept for the error that it ends with. */
const MAX_KEPT_BYTES = 64 << 10

/** What `quern start --json` prints when it is ready. */
export interface ReadyEvent {
  readonly event: 'ready'
  readonly rpc: string
}

export interface Output {
  readonly ready: Promise<ReadyEvent>
  isReady(): boolean
  /** `: ` and the last line on stderr, or nothing. */
  lastError(): string
  /** Of a process that ended before it was ready. */
  failure(name: string): QuernError
}

/** @param onError a line on stderr, once it is ready */
export function collectOutput(child: ChildProcess, onError: (line: string) => void): Output {
  let isReady = false
  let errors = ''
  const lastLine = (): string => errors.trimEnd().split('\n').at(-1) ?? ''
  const ready = new Promise<ReadyEvent>((resolve) => {
    eachLine(child.stdout, (line) => {
      if (isReady || !line.startsWith('{"event":"ready"')) return
      isReady = true
      resolve(JSON.parse(line) as ReadyEvent)
    })
  })
  eachLine(child.stderr, (line) => {
    errors = `${errors}${line}\n`.slice(-MAX_KEPT_BYTES)
    // Before that, what it says becomes the error that it fails with.
    if (isReady) onError(line)
  })
  return {
    ready,
    isReady: () => isReady,
    lastError: () => (lastLine() === '' ? '' : `: ${lastLine()}`),
    failure: (name) => failureOf(name, lastLine()),
  }
}

/** The error that a command run with --json ends with, as this process's own. */
function failureOf(name: string, line: string): QuernError {
  try {
    const { error } = JSON.parse(line) as { readonly error: { readonly code: string; readonly message: string } }
    return new QuernError(error.code, `${name}: ${error.message}`)
  } catch {
    return new QuernError('VALIDATOR_FAILED', `${name} ended before it was ready: ${line}`)
  }
}

function eachLine(stream: NodeJS.ReadableStream | null, line: (text: string) => void): void {
  let rest = ''
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    // A line without an end is no line of ours; it is not collected for ever.
    rest = (lines.pop() ?? '').slice(-MAX_KEPT_BYTES)
    for (const each of lines) line(each)
  })
}
