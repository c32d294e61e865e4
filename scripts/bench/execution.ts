/**
 * Block execution in transfers per second: one full devnet block, from its bytes to a checked state root, against the
 * same transfers applied one by one to the tree, in the same run.
 *
 *     npx tsx scripts/bench/execution.ts [--transfers 11428] [--accounts 1000] [--rounds 3]
 *
 * - recovery:  envelopes to senders, on one core and on all (node/ingest)
 * - execution: everything else validity asks: header, certificates, body, transactions, receipts, state tree, roots
 * - naive:     recovery on one core, and the tree updated after each transfer instead of once for the block
 */
import { availableParallelism } from 'node:os'
import { buildBlock } from '../../consensus/build.ts'
import { genesisBlock } from '../../consensus/genesis.ts'
import { type AppliedBlock, executeChecked, type ParentBlock, validateBlock } from '../../consensus/validate.ts'
import { revealBytes } from '../../consensus/vote.ts'
import { bls } from '../../core/bls.ts'
import { ok } from '../../core/errors.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { devnetGenesis, devnetKeys, SEEDED_TIMESTAMP_MS } from '../../devnet/genesis.ts'
import { DEFAULT_MNEMONIC } from '../../devnet/keys.ts'
import { SignaturePool } from '../../node/ingest/signature-pool.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { charge } from '../../vm/execution/includable.ts'
import { GAS } from '../../vm/gas.ts'
import { credit, debit } from '../../vm/state/account.ts'
import { StateLayer } from '../../vm/state/layers.ts'
import { MemoryState } from '../../vm/state/memory.ts'
import { StateView } from '../../vm/state/view.ts'
import { decodeTransaction } from '../../vm/transaction/envelope.ts'
import { signEip1559Transfer } from '../../vm/transaction/sign.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { median, numberOption, perSecond, printTable, secondsOf, times } from './report.ts'

const accounts = numberOption('accounts', 1_000)
const rounds = numberOption('rounds', 3)
const plan = {
  validators: 1,
  workers: 0,
  mnemonic: DEFAULT_MNEMONIC,
  accounts,
  balanceWei: 10_000n * WEI_PER_CPC,
  seed: 'bench',
  timestampMs: SEEDED_TIMESTAMP_MS,
}
const keys = devnetKeys(plan)
const genesis = devnetGenesis(plan, keys)
const { params } = genesis
const { chainId } = params
const first = genesisBlock(genesis)
const rules = { params, genesisHash: first.block.hash, kernel: referenceKernel, bls }
const transfers = numberOption('transfers', Math.floor(params.gasLimit / GAS.TRANSFER))
const freshState = (): MemoryState => new MemoryState(first.state.writes)

function sign(): Uint8Array[] {
  const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
  return Array.from({ length: transfers }, (_, i) => {
    const from = keys.accounts[i % accounts]!
    const to = keys.accounts[(i * 7 + 1) % accounts]!.address
    return signEip1559Transfer({ chainId, nonce: Math.floor(i / accounts), ...fees, to, value: 1n }, from.privateKey)
  })
}

function recoverHere(envelopes: readonly Uint8Array[]): Transaction[] {
  return envelopes.map((raw) => decodeTransaction(raw, chainId))
}

/** Block 1 with all the transfers. */
function makeFullBlock(parent: ParentBlock, transactions: readonly Transaction[]): AppliedBlock {
  const proposer = keys.validators[0]!
  let next = 0
  return buildBlock(
    {
      parent,
      parentCertificate: undefined,
      view: 0,
      timestampMs: 0,
      proposer: proposer.owner,
      randomnessReveal: bls.sign(proposer.blsSecretKey, revealBytes(rules.genesisHash, 0, 0)),
      candidates: { next: () => transactions[next++], skipSender: () => {} },
    },
    rules,
  )
}

/** What a chain does that knows no batches: each transfer leaves a whole tree behind. */
function runNaively(envelopes: readonly Uint8Array[]): void {
  const state = freshState()
  for (const raw of envelopes) {
    const transaction = decodeTransaction(raw, chainId)
    const view = new StateView(state)
    const { priorityFeeWei } = charge(view, transaction, params.baseFeeFloorWei)
    view.burn(priorityFeeWei)
    if (transaction.action.kind !== 'TRANSFER') throw new Error('only transfers here')
    debit(view, transaction.from, transaction.action.value)
    credit(view, transaction.action.to, transaction.action.value)
    state.commit(new StateLayer(state, view.finish()))
  }
}

/** Median seconds of `rounds` runs, after one that only warms up. */
async function measured(run: () => void | Promise<void>): Promise<number> {
  await run()
  const seconds: number[] = []
  for (let round = 0; round < rounds; round++) seconds.push(await secondsOf(run))
  return median(seconds)
}

function assertOk(result: { readonly ok: boolean }): void {
  if (!result.ok) throw new Error(`the benchmark's own block is refused: ${JSON.stringify(result)}`)
}

const envelopes = sign()
const transactions = recoverHere(envelopes)
const parent: ParentBlock = { block: first.block, state: freshState() }
const { block } = makeFullBlock(parent, transactions)
if (block.transactions.length !== transfers) throw new Error(`the block holds ${block.transactions.length} transfers`)

const cores = availableParallelism()
const pool = new SignaturePool({ chainId, workers: cores })
const recoverOnAll = async (): Promise<readonly Transaction[]> =>
  (await pool.recoverBlock(envelopes)).map((answer) => {
    if (!answer.ok) throw new Error(answer.error.message)
    return answer.value
  })

const recoveryOne = await measured(() => void recoverHere(envelopes))
const recoveryAll = await measured(async () => void (await recoverOnAll()))
const build = await measured(() => void makeFullBlock(parent, transactions))
const execution = await measured(() => assertOk(executeChecked(block, transactions, parent, rules)))
const wholeOne = await measured(() => assertOk(validateBlock(block, parent, rules, (raws) => ok(recoverHere(raws)))))
const wholeAll = await measured(async () => {
  const recovered = await recoverOnAll()
  assertOk(validateBlock(block, parent, rules, () => ok(recovered)))
})
const naive = await measured(() => runNaively(envelopes))
await pool.close()

console.log(`one block of ${transfers} transfers among ${accounts} accounts, ${cores} cores`)
const row = (what: string, seconds: number): string[] => [
  what,
  (seconds * 1_000).toFixed(0),
  perSecond(transfers, seconds),
  times(naive / seconds),
]
printTable(
  ['', 'ms', 'transfers/s', 'to naive'],
  [
    row('recovery alone, one core', recoveryOne),
    row(`recovery alone, ${cores} threads`, recoveryAll),
    row('building, recovered before, one core', build),
    row('execution, recovered before, one core', execution),
    row('whole validation, one core', wholeOne),
    row(`whole validation, recovery in ${cores} threads`, wholeAll),
    row('naive: tree after each transfer, one core', naive),
  ],
)
