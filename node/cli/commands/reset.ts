/** `quern reset`: forgets the chain, not the keys. */
import fs from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { homePaths } from '../../config/home-paths.ts'
import { type CliContext, outputOf, withHome } from '../context.ts'

interface ResetFlags {
  readonly home: string
  readonly yes?: boolean
  readonly forgetSigning?: boolean
}

export function addResetCommand(program: Command, context: CliContext): void {
  withHome(program.command('reset'), context)
    .description('remove data/, so that the node fetches the chain anew; keys, genesis and signing record stay')
    .option('--yes', 'do not ask')
    .option(
      '--forget-signing',
      'remove the signing record as well: a devnet that this validator makes alone begins again',
    )
    .addHelpText('after', '\nExample:\n  quern reset --yes')
    .action(async (flags: ResetFlags, command: Command) => {
      const removed = await reset(flags)
      const advice = removed.some((file) => file.endsWith('.json'))
        ? ''
        : '\nA validator signs nothing at or below the place in its signing record, so it may sit out some views.\nA devnet that it makes alone would stand still: there, use --forget-signing as well.'
      outputOf(command, context).print({ removed }, () =>
        removed.length === 0 ? 'there was nothing to remove' : `removed ${removed.join(' and ')}${advice}`,
      )
    })
}

async function reset({ home, yes, forgetSigning }: ResetFlags): Promise<string[]> {
  const { readGenesis } = await import('../../config/genesis-file.ts')
  const { withStore } = await import('../../validator-key/stopped-node.ts')
  const paths = homePaths(home)
  if (forgetSigning === true && readGenesis(paths.genesis).network !== 'devnet') {
    throw new QuernError('DEVNET_ONLY', '--forget-signing is for devnets: elsewhere signing twice costs the stake')
  }
  const wanted = [paths.data, ...(forgetSigning === true ? [paths.signingRecord] : [])].filter((file) =>
    fs.existsSync(file),
  )
  if (wanted.length === 0) return []
  // Locked for a moment: a node that runs is found out before anybody is asked.
  await withStore(paths, async () => undefined)
  if (yes !== true) await confirm(`Remove ${wanted.join(' and ')}?`)
  await withStore(paths, async () => undefined)
  for (const file of wanted) fs.rmSync(file, { recursive: true, force: true })
  return wanted
}

/** @throws QuernError `NOT_CONFIRMED` */
async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new QuernError('NOT_CONFIRMED', 'no terminal to ask on: use --yes')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${question} [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new QuernError('NOT_CONFIRMED', 'nothing was removed')
}
