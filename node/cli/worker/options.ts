/** The options that the worker's commands share: nodes, backends, threads. */
import path from 'node:path'
import type { Command } from 'commander'
import { QuernError } from '../../../core/errors.ts'
import { BACKENDS, type ChooseOptions } from '../../../gpu/choose.ts'
import { MAX_THREADS } from '../../../gpu/wasm/backend.ts'
import { defaultHome } from '../../config/home-paths.ts'
import { type CliContext, DEFAULT_RPC_URL } from '../context.ts'
import { checkEndpoint } from '../rpc-client.ts'

export interface NodeOptions {
  readonly rpc?: readonly string[]
}

export interface BackendOptions {
  readonly backend?: readonly string[]
  readonly threads?: string
}

/** More would be a list of nodes that nobody looks after. */
const MAX_NODES = 8
/** As many devices as machines have slots for. */
const MAX_BACKENDS = 16

const collect = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value]

export const withNodes = (command: Command): Command =>
  command.option(
    '--rpc <url>',
    `JSON-RPC endpoint; several times: the first is preferred (env QUERN_RPC, default ${DEFAULT_RPC_URL})`,
    collect,
  )

export const withBackends = (command: Command): Command =>
  command
    .option(
      '--backend <name>',
      `${BACKENDS.join(', ')}, or webgpu:ADAPTER; several times: all at once; default: the fastest here`,
      collect,
    )
    .option('--threads <count>', 'threads of wasm; default: whichever number is fastest here')

/** @throws QuernError `ARGUMENT_INVALID` */
export function nodeUrls({ rpc }: NodeOptions, { env }: CliContext): readonly string[] {
  const urls = rpc ?? env.QUERN_RPC?.split(',').map((url) => url.trim()) ?? [DEFAULT_RPC_URL]
  for (const url of urls) checkEndpoint(url)
  if (urls.length > MAX_NODES) throw new QuernError('ARGUMENT_INVALID', `at most ${MAX_NODES} --rpc`)
  return [...new Set(urls)]
}

/** One for each device to be used; without `--backend` one that leaves the choice open. @throws QuernError `ARGUMENT_INVALID` */
export function backendChoices(options: BackendOptions, { env }: CliContext): readonly ChooseOptions[] {
  const { backend: names = [], threads } = options
  if (names.length > MAX_BACKENDS) throw new QuernError('ARGUMENT_INVALID', `at most ${MAX_BACKENDS} --backend`)
  const shared: ChooseOptions = {
    tuningFile: path.join(defaultHome(env), 'gpu-tuning.json'),
    ...(threads === undefined ? {} : { threads: readNumberOption('threads', threads, 1, MAX_THREADS) }),
  }
  if (names.length === 0) return [shared]
  return names.map((name) => {
    const [backend = '', adapter] = name.split(/:(.*)/s)
    return { ...shared, backend, ...(adapter === undefined ? {} : { adapter }) }
  })
}

/** @throws QuernError `ARGUMENT_INVALID` */
export function readNumberOption(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new QuernError('ARGUMENT_INVALID', `--${name} must be a whole number from ${least} to ${most}`)
}
