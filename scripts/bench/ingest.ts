/**
 * JSON-RPC ingest: pre-signed transfers in batches to a chain of one validator, from the first byte sent to the last
 * inclusion, against anvil in the same run. Both chains get the same bytes over the same number of connections; rounds
 * alternate, each on a fresh chain. Needs the build (`npm run build`).
 *
 *     npx tsx scripts/bench/ingest.ts [--rounds 3] [--transactions 20000]
 */
import { PRESETS } from '../../vm/params.ts'
import { type RunningNode, startAnvil, startQuern } from './nodes.ts'
import { median, numberOption, perSecond, printTable, textOption, times } from './report.ts'
import { Connection, type IngestResult, ingest } from './rpc-load.ts'
import { signTransfers } from './transfers.ts'

const ACCOUNTS = 100
const BATCH = 200
const CONNECTIONS = 4
const { chainId } = PRESETS.devnet
const transactions = numberOption('transactions', 20_000)
const rounds = numberOption('rounds', 3)

interface Gaps {
  readonly blocks: number
  readonly maxGapMs: number
  /** Views that ended without a block. */
  readonly nullifiedViews: number
}

interface ChainHeader {
  readonly height: number
  readonly epoch: number
  readonly view: number
  readonly timestamp_ms: number
}

/** How steadily our chain went on meanwhile. */
async function gapsOf(url: string): Promise<Gaps> {
  const connection = new Connection(url)
  const tip = (await connection.call('chain_getHeader', ['latest'])) as ChainHeader
  const headers: ChainHeader[] = []
  // Block 1 comes when the process is up; what came before it is no gap.
  for (let height = 1; height <= tip.height; height++) {
    headers.push((await connection.call('chain_getHeader', [height])) as ChainHeader)
  }
  connection.close()
  let maxGapMs = 0
  let nullifiedViews = 0
  for (const [i, header] of headers.entries()) {
    const above = headers[i - 1]
    if (above === undefined) continue
    maxGapMs = Math.max(maxGapMs, header.timestamp_ms - above.timestamp_ms)
    nullifiedViews += header.epoch === above.epoch ? header.view - above.view - 1 : header.view
  }
  return { blocks: headers.length, maxGapMs, nullifiedViews }
}

const perAccount = Math.ceil(transactions / ACCOUNTS)
const { bodies, accounts } = signTransfers({ accounts: ACCOUNTS, perAccount, batch: BATCH })
const total = accounts.length * accounts[0]!.nonce
console.log(
  `${total} transfers from ${ACCOUNTS} accounts, ${bodies.length} batches of ${BATCH}, ${CONNECTIONS} connections`,
)

interface Measured extends IngestResult {
  readonly cpuSeconds: number
}

const ours: Measured[] = []
const theirs: Measured[] = []
const rows: string[][] = []

async function measure(node: RunningNode): Promise<Measured> {
  const before = node.cpuSeconds()
  const result = await ingest(node.url, bodies, CONNECTIONS, accounts)
  return { ...result, cpuSeconds: node.cpuSeconds() - before }
}

function addRow(
  round: number,
  chain: string,
  { sendSeconds, totalSeconds, cpuSeconds }: Measured,
  notes: string,
): void {
  const figures = [sendSeconds, totalSeconds, cpuSeconds].map((seconds) => seconds.toFixed(2))
  rows.push([`${round + 1}`, chain, ...figures, perSecond(total, totalSeconds), notes])
}

async function runQuern(round: number): Promise<void> {
  const profile = textOption('cpu-prof')
  const nodeArguments = [
    ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    ...(textOption('node-argument')?.split(' ') ?? []),
  ]
  const node = await startQuern(ACCOUNTS, textOption('quern'), nodeArguments)
  try {
    const result = await measure(node)
    const { blocks, maxGapMs, nullifiedViews } = await gapsOf(node.url)
    ours.push(result)
    addRow(round, 'quern', result, `${blocks} blocks, longest gap ${maxGapMs} ms, ${nullifiedViews} views nullified`)
  } finally {
    await node.stop()
  }
}

async function runAnvil(round: number): Promise<void> {
  const node = await startAnvil(ACCOUNTS, chainId)
  try {
    const result = await measure(node)
    theirs.push(result)
    addRow(round, 'anvil', result, '')
  } finally {
    await node.stop()
  }
}

for (let round = 0; round < rounds; round++) {
  await runQuern(round)
  if (!process.argv.includes('--no-anvil')) await runAnvil(round)
}
printTable(['round', 'chain', 'send s', 'total s', 'CPU s', 'tx/s', ''], rows)
const middle = (results: readonly Measured[], field: keyof Measured): number => median(results.map((r) => r[field]))
if (theirs.length > 0) {
  const ratio = middle(theirs, 'totalSeconds') / middle(ours, 'totalSeconds')
  const cpuRatio = middle(theirs, 'cpuSeconds') / middle(ours, 'cpuSeconds')
  console.log(
    `median: quern ${perSecond(total, middle(ours, 'totalSeconds'))} tx/s, ` +
      `anvil ${perSecond(total, middle(theirs, 'totalSeconds'))} tx/s`,
  )
  console.log(`ratio ${times(ratio)} by the clock (goal: at least 2x), ${times(cpuRatio)} by CPU time`)
}
