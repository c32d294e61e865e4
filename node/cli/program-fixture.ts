import { createProgram, runCli } from './program.ts'

export interface Ran {
  readonly code: number
  /** Lines. */
  readonly out: readonly string[]
  readonly errors: readonly string[]
}

/** A command in this process, as its user sees it. */
export async function runQuern(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const out: string[] = []
  const errors: string[] = []
  const context = {
    env,
    version: '0.0.0',
    write: (line: string) => void out.push(line),
    writeError: (line: string) => void errors.push(line),
  }
  const program = createProgram(context, () => undefined)
  const code = await runCli(program, argv, context)
  return { code, out, errors }
}
