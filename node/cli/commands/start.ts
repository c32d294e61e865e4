/** `quern start`: the node in a home folder, until it is interrupted. */
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { loadConfig } from '../../config/config.ts'
import { homePaths } from '../../config/home-paths.ts'
import { describeLife, type LifeEvent } from '../../life-events.ts'
import { addConfigFlags, configOf } from '../config-flags.ts'
import { type CliContext, outputOf, withHome } from '../context.ts'
import { onInterrupt } from '../interrupt.ts'
import { LiveLine } from '../live-line.ts'
import { jsonSafe } from '../output.ts'
import { readPassword } from '../password.ts'

interface StartFlags extends Record<string, unknown> {
  readonly home: string
  readonly passwordFile?: string
}

export function addStartCommand(program: Command, context: CliContext): void {
  const command = withHome(program.command('start'), context)
    .description('run the node in the home folder')
    .option('--password-file <file>', 'password of an encrypted validator key (else QUERN_PASSWORD, else a prompt)')
  addConfigFlags(command)
    .addHelpText(
      'after',
      '\nA list is separated by commas; its flag may stand several times.\n\nExamples:\n  quern start\n  quern start --rpc-port 0 --halt-height 100 --json',
    )
    .action((flags: StartFlags, self: Command) => start(flags, self, context))
}

/** Interrupted before it ran. */
const STOPPED_EARLY: ReadonlySet<string> = new Set(['SNAPSHOT_STOPPED', 'LIGHT_STOPPED'])

async function start(flags: StartFlags, command: Command, context: CliContext): Promise<void> {
  // Heard from now on: interrupted while it starts, the node still closes what it opened.
  let interrupt = (): void => undefined
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve
  })
  onInterrupt(interrupt)
  const output = outputOf(command, context)
  const live = new LiveLine(
    context.write,
    output.json ? { write: () => true, isTTY: false, columns: 0 } : process.stdout,
  )
  const onEvent = (event: LifeEvent): void => {
    if (event.event === 'synced' || event.event === 'stopping') live.end()
    if (event.event === 'snapshot' && event.covered === 1) live.end()
    // A whole state is something to be read later.
    const isLive = event.event === 'progress' || (event.event === 'snapshot' && event.covered < 1)
    if (isLive) live.draw(lineOf(event, output.json))
    else live.add(lineOf(event, output.json))
  }

  const { config: file } = homePaths(flags.home)
  const config = loadConfig({ file, env: context.env, flags: configOf(flags) })

  // Loaded here, not above: the other commands start in half the time without the node.
  const { startNode } = await import('../../start.ts')
  const { startLightNode } = await import('../../light/light-node.ts')
  const { attachDevChannel } = await import('../../dev-channel.ts')
  const starting = (config.chain.mode === 'light' ? startLightNode : startNode)({
    interrupted,
    home: flags.home,
    config,
    clientVersion: `quern/${context.version}`,
    password: () => readPassword(flags, context.env),
    onEvent,
    ...(live.isDrawn ? { progressSeconds: 1 } : {}),
  })
  const running = await starting.catch((error: unknown) => {
    // Interrupted while it joined: it goes on there at the next start.
    if (error instanceof QuernError && STOPPED_EARLY.has(error.code)) return onEvent({ event: 'stopping' })
    throw error
  })
  if (running === undefined) return
  const letGo = attachDevChannel({ network: running.genesis.network, p2p: running.network, parentGone: interrupt })
  const stop = (): Promise<void> => running.stop().finally(letGo)
  try {
    await Promise.race([interrupted.then(() => onEvent({ event: 'stopping' })), running.ended])
  } catch (error) {
    // Why it could not go on says more than what closing makes of it.
    await stop().catch(() => undefined)
    throw error
  }
  await stop()
}

/** One JSON line, or the time and one line for people. */
function lineOf(event: LifeEvent, isJson: boolean): string {
  const now = new Date()
  if (isJson) return JSON.stringify({ ...event, timeMs: now.getTime() }, jsonSafe)
  return `${now.toISOString()}  ${describeLife(event)}`
}
