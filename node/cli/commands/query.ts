/** `quern query`: what the chain says. */
import type { Command } from 'commander'
import { checksumAddress, formatAddress } from '../../../core/address.ts'
import { QuernError } from '../../../core/errors.ts'
import { formatCpc } from '../../../core/units.ts'
import { addressReader } from '../address.ts'
import { type CliContext, outputOf, withRpc } from '../context.ts'
import { cpc, fields, table } from '../output.ts'
import { rpcClient } from '../rpc-client.ts'
import { addNetworkQueries } from './query-network.ts'

interface RpcOption {
  readonly rpc: string
}

interface Status {
  readonly network: string
  readonly chain_id: number
  readonly height: number
  readonly finalized_height: number
  readonly epoch: number
  readonly peers: number
  readonly pending: number
  readonly queued: number
}

interface HeaderView {
  readonly height: number
  readonly hash: string
  readonly epoch: number
  readonly view: number
  readonly timestamp_ms: number
  readonly proposer: string
  readonly compute_root: string
  readonly result_count: number
  readonly gas_used: number
  readonly state_root: string
}

interface ValidatorView {
  readonly address: string
  readonly name: string
  readonly tokens: string
  readonly commission_bps: number
  readonly open_to_workers: boolean
  readonly status: string
}

interface PositionView {
  readonly validator: string
  readonly delegator: string
  readonly shares: string
  readonly tokens: string
  readonly claimable: string
  readonly unbonding: readonly { readonly epoch: number; readonly amount: string; readonly matures_epoch: number }[]
}

interface WorkerView {
  readonly address: string
  readonly results: number
  readonly work_macs: string
  readonly paid: string
}

const percent = (bps: number): string => `${bps / 100} %`

export function addQueryCommand(program: Command, context: CliContext): void {
  const readAddress = addressReader(context.env)
  const query = program.command('query').description('ask a node about the chain')
  const leaf = (usage: string, description: string, example: string): Command =>
    withRpc(query.command(usage), context)
      .description(description)
      .addHelpText('after', `\nExample:\n  quern query ${example}`)

  leaf('status', 'height, finality, epoch, peers and mempool', 'status').action(
    async (options: RpcOption, command: Command) => {
      const status = await rpcClient(options.rpc).call<Status>('chain_getStatus')
      outputOf(command, context).print(status, () =>
        fields([
          ['network', `${status.network} (chain id ${status.chain_id})`],
          ['height', `${status.height} (final ${status.finalized_height})`],
          ['epoch', status.epoch],
          ['peers', status.peers],
          ['mempool', `${status.pending} pending, ${status.queued} queued`],
        ]),
      )
    },
  )

  leaf('block [height]', 'a header: height, 0x hash, latest or finalized', 'block finalized').action(
    async (height: string | undefined, options: RpcOption, command: Command) => {
      const header = await rpcClient(options.rpc).call<HeaderView | null>('chain_getHeader', [height ?? 'latest'])
      if (header === null)
        throw new QuernError('BLOCK_UNKNOWN', `no block ${height}: see \`quern query status\` for the height`)
      outputOf(command, context).print(header, () =>
        fields([
          ['height', header.height],
          ['hash', header.hash],
          ['epoch, view', `${header.epoch}, ${header.view}`],
          ['time', new Date(header.timestamp_ms).toISOString()],
          ['proposer', header.proposer],
          ['results', header.result_count],
          ['compute root', header.compute_root],
          ['state root', header.state_root],
          ['gas used', header.gas_used],
        ]),
      )
    },
  )

  leaf('tx <hash>', 'a transaction and its receipt', 'tx 0x5308...4681').action(
    async (hash: string, options: RpcOption, command: Command) => {
      const client = rpcClient(options.rpc)
      const transaction = await client.call<Record<string, string> | null>('eth_getTransactionByHash', [hash])
      if (transaction === null) throw new QuernError('TX_UNKNOWN', 'no such transaction in a block or in the mempool')
      const receipt = await client.call<Record<string, string> | null>('eth_getTransactionReceipt', [hash])
      outputOf(command, context).print({ transaction, receipt }, () =>
        fields([
          ['hash', transaction.hash],
          ['from', transaction.from],
          ['to', transaction.to ?? undefined],
          ['value', cpc(transaction.value ?? '0x0')],
          ['nonce', Number(transaction.nonce)],
          ['type', transaction.type],
          ['status', receipt === null ? 'pending' : receipt.status === '0x1' ? 'success' : `failed: ${receipt.error}`],
          ['block', receipt === null ? undefined : Number(receipt.blockNumber)],
          ['gas used', receipt === null ? undefined : Number(receipt.gasUsed)],
        ]),
      )
    },
  )

  leaf('balance <address>', 'balance and nonce of an account', 'balance cpc1...').action(
    async (text: string, options: RpcOption, command: Command) => {
      const address = readAddress(text)
      const hex = checksumAddress(address)
      const client = rpcClient(options.rpc)
      const [balance, nonce] = await Promise.all([
        client.call<string>('eth_getBalance', [hex, 'latest']),
        client.call<string>('eth_getTransactionCount', [hex, 'latest']),
      ])
      const value = {
        address: formatAddress(address),
        hex_address: hex,
        balance_wei: BigInt(balance),
        nonce: Number(nonce),
      }
      outputOf(command, context).print(value, () =>
        fields([
          ['address', value.address],
          ['hex', hex],
          ['balance', cpc(value.balance_wei)],
          ['nonce', value.nonce],
        ]),
      )
    },
  )

  leaf('validators', 'the validators and their stake', 'validators --json').action(
    async (options: RpcOption, command: Command) => {
      const list = await rpcClient(options.rpc).call<ValidatorView[]>('chain_getValidators')
      outputOf(command, context).print(list, () =>
        table(
          ['ADDRESS', 'NAME', 'BONDED', 'COMMISSION', 'WORKERS', 'STATUS'],
          list.map((v) => [
            v.address,
            v.name,
            cpc(v.tokens),
            percent(v.commission_bps),
            v.open_to_workers ? 'open' : 'closed',
            v.status,
          ]),
        ),
      )
    },
  )

  leaf(
    'stake <validator> [delegator]',
    'what a delegator (default: the owner) has at a validator, and what it can claim',
    'stake cpc1... cpc1...',
  ).action(async (validator: string, delegator: string | undefined, options: RpcOption, command: Command) => {
    const owner = formatAddress(readAddress(validator))
    const account = delegator === undefined ? owner : formatAddress(readAddress(delegator))
    const position = await rpcClient(options.rpc).call<PositionView | null>('chain_getRewards', {
      validator: owner,
      delegator: account,
    })
    if (position === null)
      throw new QuernError('VALIDATOR_UNKNOWN', `no validator ${owner}: see \`quern query validators\``)
    outputOf(command, context).print(position, () =>
      fields([
        ['validator', position.validator],
        ['delegator', position.delegator],
        ['stake', `${cpc(position.tokens)} (${formatCpc(BigInt(position.shares))} shares)`],
        ['claimable', cpc(position.claimable)],
        ...position.unbonding.map(
          ({ epoch, amount, matures_epoch: matures }) =>
            ['unbonding', `${cpc(amount)}, claimable as ${position.validator}@${epoch} from epoch ${matures}`] as const,
        ),
      ]),
    )
  })

  leaf('workers', 'the workers and their verified work', 'workers').action(
    async (options: RpcOption, command: Command) => {
      const list = await rpcClient(options.rpc).call<WorkerView[]>('poc_getWorkers')
      outputOf(command, context).print(list, () =>
        list.length === 0
          ? 'no worker has had a result accepted in this epoch or the one before: start one with `quern worker`'
          : table(
              ['ADDRESS', 'RESULTS', 'WORK (MAC)', 'PAID'],
              list.map((w) => [w.address, String(w.results), w.work_macs, cpc(w.paid)]),
            ),
      )
    },
  )

  leaf('supply', 'where every CPC is', 'supply').action(async (options: RpcOption, command: Command) => {
    const supply = await rpcClient(options.rpc).call<Record<string, string>>('chain_getSupply')
    outputOf(command, context).print(supply, () =>
      fields(
        Object.entries(supply).map(([name, value]) => [
          name.replaceAll('_', ' '),
          /^\d+$/.test(value) ? cpc(value) : value,
        ]),
      ),
    )
  })

  addNetworkQueries(leaf, context)
}
