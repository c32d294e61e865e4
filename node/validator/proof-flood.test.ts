/** Transactions whose scripts ask for proofs, on their way into the mempool: what they cost, whom, and where. */
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import { DEFAULT_LIMITS } from '../../mempool/limits.ts'
import { scriptOf } from '../../vm/script/assembly.ts'
import { OP } from '../../vm/script/opcodes.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { developmentKeyOf } from '../../vm/zk/development.ts'
import { proofVerifier } from '../../vm/zk/verify.ts'
import { SystemClock } from '../clock.ts'
import { SignaturePool } from '../ingest/signature-pool.ts'
import type { ProofPool } from '../zk/proof-pool.ts'
import { type ChainEntry, entryOf } from './entry.ts'
import { rulesWith } from './proofs-ahead.ts'
import {
  CountingThread,
  countingPool,
  outpointOf,
  PROOF_PARAMS,
  ProofChain,
  proofScript,
  RECEIPT_SCRIPT,
  unaskedVerifier,
} from './proofs-fixture.ts'
import { TransactionPool } from './transaction-pool.ts'

const signatures = new SignaturePool({ chainId: PROOF_PARAMS.chainId, workers: 0 })
const { maxFalseProofs, falseProofWaitMs } = DEFAULT_LIMITS

let pool: TransactionPool
afterEach(() => pool.close())

/** A pool that can verify in `thread` alone, over a chain with 16 outputs to spend. */
function setup(script?: Uint8Array, thread = new CountingThread(), ahead: ProofPool = countingPool(thread)) {
  const chain = new ProofChain()
  const { transaction, at } = chain.lock(4, 16, script)
  chain.next([transaction])
  const { block, state } = chain.parent
  const tree = new BlockTree<ChainEntry>({ block, state, transactions: [], receipts: [], layer: undefined })
  const clock = new SystemClock()
  pool = new TransactionPool({
    ...{ clock, tree, signatures, proofs: ahead },
    rules: rulesWith(chain.rules, unaskedVerifier),
    relay: () => {},
    admitted: () => {},
  })
  return { chain, at, thread, ahead, tree, clock }
}

async function codeOf({ raw }: Transaction): Promise<string> {
  const answer = await pool.submit(raw)
  return answer.ok ? 'ok' : answer.error.code
}

async function verdictOf(...transactions: readonly Transaction[]): Promise<string> {
  const verdict = await pool.receive(transactions.map(({ raw }) => raw))
  return typeof verdict === 'string' ? verdict : verdict.reject
}

describe('a proof', () => {
  it('is verified once, in the thread, however it comes and however often', async () => {
    const { chain, at, thread } = setup()
    const good = chain.spend(5, [at[0]!, at[1]!], [proofScript(1), proofScript(1)])
    const ways = [pool.submit(good.raw), pool.receive([good.raw]), pool.submit(good.raw)]
    expect(await Promise.all(ways)).toMatchObject([{ ok: true }, 'ignore', { error: { code: 'TX_ALREADY_KNOWN' } }])
    expect(await verdictOf(chain.spend(6, [at[2]!], [proofScript(1)]))).toBe('accept')
    expect([thread.verified, pool.counts().pending]).toEqual([1, 2])
  })

  it('is not looked at for a transaction that is refused anyway', async () => {
    const { chain, at, thread, tree } = setup()
    const spend = (nonce?: number, sender = 5, script = proofScript(1)) =>
      chain.spend(sender, [at[0]!], [script], nonce)
    const unknown = { txId: new Uint8Array(32).fill(9), index: 0 }
    const rows = [
      [spend(0, 4), 'TX_NONCE_TOO_LOW'],
      [spend(5_000), 'NONCE_GAP_TOO_LARGE'],
      // Nobody at genesis.
      [spend(0, 9), 'TX_INSUFFICIENT_FUNDS'],
      [chain.spend(5, [unknown], [proofScript(1)], 0), 'OUTPUT_UNKNOWN'],
      [spend(0, 5, scriptOf(OP.OpFalse)), 'SCRIPT_FAILED'],
      [chain.spend(5, [at[0]!], [proofScript(1)], 0, 10), 'GRAM_EXCEEDED'],
      // All proofs of it may be true: its last input fails.
      [chain.spend(5, [at[0]!, at[1]!], [proofScript(1)], 0), 'SCRIPT_FAILED'],
    ] as const
    for (const [transaction, code] of rows) expect([code, await codeOf(transaction)]).toEqual([code, code])
    expect(thread.verified).toBe(0)
    expect(tree.tip.block.header.height).toBe(1)
  })

  it('decides at admission as it does in a block', async () => {
    const { chain, at, thread } = setup()
    const wishes = fc.array(fc.record({ journal: fc.nat(5), isTrue: fc.boolean() }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(wishes, fc.integer({ min: 5, max: 7 }), async (proofs, sender) => {
        const scripts = proofs.map(({ journal, isTrue }) => proofScript(journal, isTrue))
        const transaction = chain.spend(sender, at.slice(0, scripts.length), scripts, 0)
        const { outcome } = chain.build([transaction])
        const answer = await pool.submit(transaction.raw)
        const code = answer.ok ? 'ok' : answer.error.code
        // Of each sender one waits, and who brings false proofs is not heard.
        if (['TX_ALREADY_KNOWN', 'REPLACEMENT_UNDERPRICED', 'PROOF_TOO_SOON'].includes(code)) return
        expect(code).toBe(outcome.receipts[0]!.error ?? 'ok')
      }),
      {
        numRuns: 12,
        // So that proofs are looked at, whatever else is drawn.
        examples: [
          [[{ journal: 0, isTrue: true }], 5],
          [[{ journal: 1, isTrue: true }], 6],
        ],
      },
    )
    expect(thread.verified).toBeGreaterThan(1)
  })
})

describe('a false proof', () => {
  it('is named, and after three of them the sender waits, even if they come all at once', async () => {
    const { chain, at, thread, clock } = setup()
    const bad = Array.from({ length: 12 }, (_, i) => chain.spend(5, [at[0]!], [proofScript(i, false)], 0))
    const answers = await Promise.all(bad.map(({ raw }) => pool.submit(raw)))
    const refused = { ok: false, error: { code: 'SCRIPT_FAILED', meta: { proof: 'ZK_PROOF_FALSE' } } }
    expect(answers.slice(0, maxFalseProofs)).toMatchObject(Array(maxFalseProofs).fill(refused))
    const rest = answers.slice(maxFalseProofs).map((answer) => !answer.ok && answer.error.code)
    expect(new Set(rest)).toEqual(new Set(['PROOF_TOO_SOON']))
    expect(thread.verified).toBe(maxFalseProofs)
    // Others are not concerned, nor is what asks for no script.
    expect(await codeOf(chain.spend(6, [at[1]!], [proofScript(1)]))).toBe('ok')
    expect(await codeOf(chain.transfer(5, 4))).toBe('ok')
    clock.advance(falseProofWaitMs)
    expect(await codeOf(chain.spend(5, [at[2]!], [proofScript(2)], 2))).toBe('ok')
  })

  it('is nobody’s fault who passes it on, and keeps nothing else from coming in', async () => {
    const { chain, at } = setup()
    const bad = chain.spend(5, [at[0]!], [proofScript(1, false)])
    const batch = [bad, chain.spend(6, [at[1]!], [proofScript(1)]), chain.transfer(7, 4)]
    expect(await verdictOf(...batch)).toBe('ignore')
    expect(pool.counts().pending).toBe(2)
  })

  it('behind a missing transaction is found before a leader meets it', async () => {
    const { chain, at, thread, ahead, tree } = setup()
    const first = chain.spend(5, [at[0]!], [proofScript(1)])
    const made = outpointOf(first)
    const waiting = [true, false].map((isTrue, i) => chain.spend(5 + i, [made], [proofScript(7, isTrue)], 1, 20_000))
    for (const transaction of waiting) expect(await codeOf(transaction)).toBe('ok')
    expect([pool.counts().queued, thread.verified]).toEqual([2, 0])
    const step = async (transactions: readonly Transaction[]) => {
      const applied = chain.build(transactions)
      tree.add(entryOf(applied))
      chain.add(applied)
      pool.followTip(tree.setTip(applied.block.hash))
      while (ahead.stats.waiting > 0) await setImmediate()
    }
    await step([first])
    expect(thread.verified).toBe(2)
    await step([])
    expect([...pool.entries()].map(({ transaction }) => transaction.hash)).toEqual([waiting[0]!.hash])
  })
})

it('scripts that fail after much work make their sender wait as well', async () => {
  const checks = Array(100).fill([OP.Op2Dup, OP.OpCheckSig, OP.OpDrop]).flat()
  const { chain, at, thread } = setup(scriptOf(...checks, OP.OpFalse))
  const key = developmentKeyOf(new Uint8Array(32).fill(5))
  const signed = (i: number) => scriptOf(new Uint8Array(65).fill(1).fill(i, 0, 32), key)
  const codes: string[] = []
  for (let i = 1; i <= 5; i++) codes.push(await codeOf(chain.spend(5, [at[0]!], [signed(i)], 0)))
  expect(codes).toEqual([...Array(maxFalseProofs).fill('SCRIPT_FAILED'), 'PROOF_TOO_SOON', 'PROOF_TOO_SOON'])
  expect(thread.verified).toBe(0)
})

it('scripts may name the newest block, as in the next one', async () => {
  const { chain, at, tree } = setup(scriptOf(OP.OpChainblockSeqCommit, OP.OpDrop, OP.OpTrue))
  const { hash, header } = tree.tip.block
  expect(await codeOf(chain.spend(5, [at[0]!], [scriptOf(hash)], 0))).toBe('ok')
  expect(await codeOf(chain.spend(6, [at[0]!], [scriptOf(header.stateRoot)], 0))).toBe('SCRIPT_FAILED')
})

describe('who cannot verify now', () => {
  it('says so, and blames nobody', async () => {
    const thread = new CountingThread()
    thread.isHeld = true
    const { chain, at } = setup(undefined, thread, countingPool(thread, 1))
    const first = pool.submit(chain.spend(5, [at[0]!], [proofScript(1)]).raw)
    while (thread.verified === 0) await setImmediate()
    const second = chain.spend(6, [at[1]!], [proofScript(2)])
    expect(await codeOf(second)).toBe('ZK_OVERLOADED')
    expect(await verdictOf(second)).toBe('later')
    thread.release()
    expect(await first).toMatchObject({ ok: true })
    expect(await verdictOf(second)).toBe('accept')
  })

  it('has no circuit: refused by name, and nobody is blamed or made to wait', async () => {
    const { chain, at } = setup(undefined, new CountingThread(proofVerifier()))
    for (let i = 0; i <= maxFalseProofs; i++) {
      expect(await codeOf(chain.spend(5, [at[i]!], [RECEIPT_SCRIPT], 0))).toBe('ZK_CIRCUIT_MISSING')
      expect(await verdictOf(chain.spend(5, [at[i]!], [RECEIPT_SCRIPT], 0))).toBe('ignore')
    }
  })
})
