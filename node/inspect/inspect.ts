/**
 * Everything about one block, transaction or address, asked of a node over its JSON-RPC methods. Nothing here trusts more than
 * it must: what the answers say of each other is checked, and the checks are shown.
 */
import { formatAddress, parseAddress } from '../../core/address.ts'
import { toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { KIND } from '../../vm/transaction/types.ts'
import { type Call, ifKept } from './call.ts'
import { checkBlock } from './check-block.ts'
import type {
  AddressInspection,
  BlockInspection,
  Header,
  Inspection,
  Position,
  Rewards,
  TransactionInspection,
  TransactionLine,
  TransactionTrace,
  Vote,
} from './types.ts'

interface EthTransaction {
  readonly hash: string
  readonly from: string
  readonly to: string | null
  readonly value: string
  readonly type: string
  readonly input: string
  readonly blockNumber: string | null
  readonly blockHash: string | null
}

interface EthReceipt {
  readonly status: string
  readonly error?: string
  readonly gasUsed: string
  readonly effectiveGasPrice: string
}

interface Certificate {
  readonly kind: 'notarize' | 'finalize'
  readonly view: number
  readonly signers: string
}

interface Member {
  readonly address: string
  readonly power: string | null
}

const TAGS: ReadonlySet<string> = new Set(['latest', 'finalized', 'safe', 'earliest'])
const NATIVE = '0x71'

/** By the first byte of what was signed; every other envelope is a transfer. */
function kindOf({ type, input }: EthTransaction): string {
  if (type !== NATIVE) return 'TRANSFER'
  const byte = Number.parseInt(input.slice(2, 4), 16)
  return Object.entries(KIND).find(([, value]) => value === byte)?.[0] ?? `kind ${byte}`
}

function lineOf(transaction: EthTransaction, receipt: EthReceipt, index: number): TransactionLine {
  const gasUsed = Number(receipt.gasUsed)
  return {
    index,
    hash: transaction.hash,
    kind: kindOf(transaction),
    from: formatAddress(parseAddress(transaction.from)),
    to: transaction.to === null ? null : formatAddress(parseAddress(transaction.to)),
    value: BigInt(transaction.value).toString(),
    gas_used: gasUsed,
    fee: (BigInt(gasUsed) * BigInt(receipt.effectiveGasPrice)).toString(),
    status: Number(receipt.status),
    error: receipt.error ?? null,
  }
}

async function linesOf(call: Call, height: number): Promise<TransactionLine[]> {
  const number = `0x${height.toString(16)}`
  const block = await call<{ transactions: EthTransaction[] } | null>('eth_getBlockByNumber', [number, true])
  const receipts = await call<EthReceipt[] | null>('eth_getBlockReceipts', [number])
  if (block === null || receipts === null) return []
  return block.transactions.map((transaction, index) => lineOf(transaction, receipts[index]!, index))
}

/** Bit i, least significant first, is member i. */
function voteOf({ kind, view, signers }: Certificate, members: readonly Member[]): Vote {
  const bitmap = Buffer.from(signers.slice(2), 'hex')
  const isSigner = (i: number): boolean => (((bitmap[i >> 3] ?? 0) >> (i & 7)) & 1) === 1
  const powerOf = (list: readonly Member[]): bigint => list.reduce((sum, { power }) => sum + BigInt(power ?? 0), 0n)
  const signed = members.filter((_, i) => isSigner(i))
  const total = powerOf(members)
  return {
    kind,
    view,
    signed: signed.map(({ address }) => address),
    missing: members.filter((_, i) => !isSigner(i)).map(({ address }) => address),
    power_share: total === 0n ? 0 : Number((powerOf(signed) * 10_000n) / total) / 10_000,
  }
}

async function votesOf(call: Call, { height, epoch }: Header): Promise<Vote[] | null> {
  if (height === 0) return []
  const members = await ifKept(call<Member[]>('chain_getValidators', [epoch]))
  if (members === null) return null
  const certificates = await call<Record<'notarization' | 'finalization', Certificate | null>>('chain_getCertificate', [
    height,
  ])
  const known = [certificates.notarization, certificates.finalization].filter((each) => each !== null)
  return known.map((certificate) => voteOf(certificate, members))
}

async function inspectBlock(call: Call, header: Header): Promise<BlockInspection> {
  const { height } = header
  const { finalized_height } = await call<{ finalized_height: number }>('chain_getStatus')
  const transactions = await linesOf(call, height)
  const votes = await votesOf(call, header)
  const results = await call<BlockInspection['results']>('poc_getResults', [height])
  const trace = await ifKept(call<BlockInspection['steps']>('chain_traceBlock', [height, 0, 0]))
  return {
    type: 'block',
    header,
    final: height <= finalized_height,
    votes,
    transactions,
    results,
    rewards: await ifKept(call<Rewards | null>('chain_getRewards', [height])),
    steps: trace === null ? null : { begin: trace.begin, end: trace.end },
    checks: await checkBlock(call, header, { transactions, votes, results }),
  }
}

async function inspectTransaction(call: Call, transaction: EthTransaction): Promise<TransactionInspection> {
  const { hash, blockNumber, blockHash } = transaction
  if (blockNumber === null || blockHash === null) {
    return { type: 'transaction', transaction: { ...transaction }, place: null, line: null, trace: null }
  }
  const height = Number(blockNumber)
  const receipt = await call<EthReceipt & { transactionIndex: string }>('eth_getTransactionReceipt', [hash])
  const { finalized_height } = await call<{ finalized_height: number }>('chain_getStatus')
  const traced = await ifKept(call<{ transaction: TransactionTrace } | null>('chain_traceTransaction', [hash]))
  return {
    type: 'transaction',
    transaction: { ...transaction },
    place: { height, block_hash: blockHash, final: height <= finalized_height },
    line: lineOf(transaction, receipt, Number(receipt.transactionIndex)),
    trace: traced?.transaction ?? null,
  }
}

/** Newest first. */
async function activityOf(call: Call, hex: string, newest: number, blocks: number) {
  const address = formatAddress(parseAddress(hex))
  const found: (TransactionLine & { height: number })[] = []
  let from = newest
  for (let height = newest; height >= 0 && height > newest - blocks; height--) {
    const lines = await ifKept(linesOf(call, height))
    if (lines === null) break
    from = height
    for (const line of lines.toReversed()) {
      if (line.from === address || line.to === address) found.push({ height, ...line })
    }
  }
  return { from, to: newest, transactions: found }
}

const isSomething = ({ shares, claimable, unbonding }: Position): boolean =>
  shares !== '0' || claimable !== '0' || unbonding.length > 0

async function inspectAddress(call: Call, address: Uint8Array, blocks: number): Promise<AddressInspection> {
  const hex = toHex(address)
  const { height } = await call<Header>('chain_getHeader', ['latest'])
  const validators = await call<Member[]>('chain_getValidators')
  const positions: Position[] = []
  // No index of delegations is kept: each validator is asked, of whom there are some hundred at most.
  for (const { address: owner } of validators) {
    const position = await call<Position | null>('chain_getRewards', ['latest', owner, hex])
    if (position !== null && isSomething(position)) positions.push(position)
  }
  return {
    type: 'address',
    address: formatAddress(address),
    hex_address: hex,
    height,
    balance: BigInt(await call<string>('eth_getBalance', [hex, 'latest'])).toString(),
    nonce: Number(await call<string>('eth_getTransactionCount', [hex, 'latest'])),
    validator: await call('chain_getValidator', [hex]),
    positions,
    worker: await call('poc_getWorker', [hex]),
    activity: await activityOf(call, hex, height, blocks),
  }
}

export interface InspectOptions {
  /** Blocks back from the newest in which an address's transactions are looked for. */
  readonly activityBlocks: number
  /** @throws QuernError `ADDRESS_INVALID` */
  readonly readAddress: (text: string) => Uint8Array
}

/**
 * @param what a height, `latest` or another tag, the hash of a block or of a transaction, or an address
 * @throws QuernError `BLOCK_UNKNOWN`, `HASH_UNKNOWN`, `ADDRESS_INVALID`, `BLOCK_PRUNED`
 */
export async function inspect(call: Call, what: string, options: InspectOptions): Promise<Inspection> {
  if (/^\d{1,15}$/.test(what) || TAGS.has(what)) {
    const header = await call<Header | null>('chain_getHeader', [/^\d/.test(what) ? Number(what) : what])
    if (header !== null) return inspectBlock(call, header)
    throw new QuernError('BLOCK_UNKNOWN', `no block ${what}: see \`quern query status\` for the height`)
  }
  if (!/^0x[0-9a-fA-F]{64}$/.test(what)) return inspectAddress(call, options.readAddress(what), options.activityBlocks)
  const header = await call<Header | null>('chain_getHeader', [what])
  if (header !== null) return inspectBlock(call, header)
  const transaction = await call<EthTransaction | null>('eth_getTransactionByHash', [what])
  if (transaction !== null) return inspectTransaction(call, transaction)
  throw new QuernError('HASH_UNKNOWN', 'no block and no transaction has this hash: check it, or ask another node')
}
