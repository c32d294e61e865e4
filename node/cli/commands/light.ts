/** `quern light`: asks a node that need not be trusted, and believes what it proves. */
import type { Command } from 'commander'
import { checksumAddress, formatAddress } from '../../../core/address.ts'
import { fromHex, type Hash, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { LightClient } from '../../light/light-client.ts'
import { addressReader } from '../address.ts'
import { type CliContext, outputOf, withRpc } from '../context.ts'
import { cpc, fields } from '../output.ts'

interface LightFlags {
  readonly rpc: string
  readonly checkpoint?: string
  readonly genesis?: string
}

export function addLightCommand(program: Command, context: CliContext): void {
  const readAddress = addressReader(context.env)
  const light = program.command('light').description('ask a node that need not be trusted, and believe what it proves')
  const leaf = (usage: string, description: string, example: string): Command =>
    withRpc(light.command(usage), context)
      .description(description)
      .option('--checkpoint <height:hash>', 'a final block that you trust')
      .option('--genesis <file>', 'genesis.json of the network, trusted instead of a checkpoint while it is young')
      .addHelpText('after', `\nExample:\n  quern light ${example}`)

  leaf(
    'checkpoint',
    'the newest final block that can be shown, as a checkpoint to pass on',
    'checkpoint --genesis genesis.json',
  ).action(async (flags: LightFlags, command: Command) => {
    const client = await open(flags)
    const { checkpointText } = await import('../../light/checkpoint.ts')
    const { header, hash } = client.newest
    const checkpoint = checkpointText({ height: header.height, hash })
    outputOf(command, context).print({ checkpoint, timestamp_ms: header.timestampMs }, () => checkpoint)
  })

  leaf(
    'balance <address>',
    'balance and nonce of an account, proved',
    `balance cpc1... --checkpoint 1200:0x5308...`,
  ).action(async (text: string, flags: LightFlags, command: Command) => {
    const address = readAddress(text)
    const client = await open(flags)
    const { header, value } = await client.account(address)
    const answer = {
      address: formatAddress(address),
      hex_address: checksumAddress(address),
      balance_wei: value.balance,
      nonce: value.nonce,
      height: header.height,
      state_root: toHex(header.stateRoot),
    }
    outputOf(command, context).print(answer, () =>
      fields([
        ['address', answer.address],
        ['balance', cpc(value.balance)],
        ['nonce', value.nonce],
        ['proved under', `state root ${answer.state_root} of block ${header.height}`],
      ]),
    )
  })

  leaf(
    'result <transaction>',
    'a verified compute result, proved',
    'result 0x5308... --checkpoint 1200:0x5308...',
  ).action(async (text: string, flags: LightFlags, command: Command) => {
    const transaction = readHash(text)
    const client = await open(flags)
    const { computeResultJson } = await import('../../../vm/compute-root.ts')
    const { header, value } = await client.result({ transaction })
    const result = computeResultJson(value.result)
    const answer = {
      height: header.height,
      index: value.index,
      compute_root: toHex(header.computeRoot),
      challenge_type: value.challengeType,
      seed_height: value.seedHeight,
      matrix_size: value.matrixSize,
      result,
    }
    outputOf(command, context).print(answer, () =>
      fields([
        ['task', result.task_id],
        ['worker', result.worker_address],
        ['result', result.result_hash],
        ['nonce', result.nonce],
        ['seed, size', `block ${value.seedHeight}, ${value.matrixSize}`],
        ['proved under', `compute root ${answer.compute_root} of block ${header.height}, result ${value.index}`],
      ]),
    )
  })
}

function readHash(text: string): Hash {
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return fromHex(text)
  throw new QuernError('ARGUMENT_INVALID', `not a transaction hash: ${text}; it has 64 hex digits`)
}

/** Loaded here, not above: the other commands start without the chain. */
async function open({ rpc, checkpoint: text, genesis: file }: LightFlags): Promise<LightClient> {
  const { lightFromCheckpoint } = await import('../../light/from-checkpoint.ts')
  const { parseCheckpoint } = await import('../../light/checkpoint.ts')
  const { readGenesis } = await import('../../config/genesis-file.ts')
  const { checkEndpoint } = await import('../rpc-client.ts')
  checkEndpoint(rpc)
  const checkpoint = parseCheckpoint(text ?? '')
  return lightFromCheckpoint({
    url: rpc,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(file === undefined ? {} : { genesis: readGenesis(file) }),
  })
}
