/** Entry of the executable `quern`: every layer's commands in one program. */
import fs from 'node:fs'
import type { CliContext } from '../node/cli/context.ts'
import { createProgram, runCli } from '../node/cli/program.ts'
import { addDevnetCommand } from './command.ts'
import { addSimCommand } from './sim/command.ts'

/** package.json stands one level above `devnet/` in the sources and two above it in the build. */
const packageFile = [`../package.json`, `../../package.json`]
  .map((relative) => new URL(relative, import.meta.url))
  .find((url) => fs.existsSync(url))
const { version } = JSON.parse(
  packageFile === undefined ? '{"version":"unknown"}' : fs.readFileSync(packageFile, 'utf8'),
) as {
  version: string
}

const context: CliContext = {
  env: process.env,
  version,
  write: (line) => process.stdout.write(`${line}\n`),
  writeError: (line) => process.stderr.write(`${line}\n`),
}

let hasReader = true
// Whoever read our output has gone (`quern devnet | head`): end as if interrupted, once.
process.stdout.on('error', () => {
  if (!hasReader) return
  hasReader = false
  if (!process.emit('SIGINT', 'SIGINT')) process.exit(0)
})

const program = createProgram(context, (root) => {
  addDevnetCommand(root, context)
  addSimCommand(root, context)
})
process.exitCode = await runCli(program, process.argv.slice(2), context)
