import { afterEach, describe, expect, it } from 'vitest'
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import { FAST_PARAMS, TestChain, testKey } from '../../consensus/testing/chain.ts'
import type { AppliedBlock } from '../../consensus/validate.ts'
import { MAX_GOSSIP_BYTES, MAX_GOSSIP_TRANSACTIONS } from '../../p2p/wire.ts'
import { signEip1559Transfer } from '../../vm/transaction/sign.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { SystemClock } from '../clock.ts'
import { SignaturePool } from '../ingest/signature-pool.ts'
import { inlineProofs } from '../zk/proofs.ts'
import { type ChainEntry, entryOf } from './entry.ts'
import { TransactionPool } from './transaction-pool.ts'

const signatures = new SignaturePool({ chainId: FAST_PARAMS.chainId, workers: 0 })
let pool: TransactionPool
afterEach(() => pool.close())

function setup() {
  const chain = new TestChain()
  const { block, state } = chain.genesis
  const tree = new BlockTree<ChainEntry>({ block, state, transactions: [], receipts: [], layer: undefined })
  const relayed: (readonly Uint8Array[])[] = []
  const admitted: Transaction[] = []
  pool = new TransactionPool({
    clock: new SystemClock(),
    tree,
    rules: chain.rules,
    signatures,
    proofs: inlineProofs(FAST_PARAMS).ahead,
    relay: (envelopes) => relayed.push(envelopes),
    admitted: (transaction) => admitted.push(transaction),
  })
  const add = (applied: AppliedBlock): Uint8Array => {
    expect(tree.add(entryOf(applied))).toBe(true)
    return applied.block.hash
  }
  return { chain, tree, relayed, admitted, add }
}

describe('transaction pool', () => {
  it('takes transactions of an abandoned block back, and lets go of included ones', async () => {
    const { chain, tree, add } = setup()
    const sent = [chain.transfer(4, 5), chain.transfer(4, 5)]
    for (const transaction of sent) expect(await pool.submit(transaction.raw)).toMatchObject({ ok: true })
    const full = add(chain.build(sent, 0))
    const empty = add(chain.build([], 1))
    pool.followTip(tree.setTip(full))
    expect([pool.counts().pending, pool.pendingNonce(testKey(4).owner)]).toEqual([0, 2])
    pool.followTip(tree.setTip(empty))
    expect(pool.counts().pending).toBe(2)
    expect([...pool.entries()].map((item) => item.transaction.hash)).toEqual(
      sent.map((transaction) => transaction.hash),
    )
    pool.followTip(tree.setTip(full))
    expect(pool.counts().pending).toBe(0)
  })

  it('lets a receiver spend what the newest block brought', async () => {
    const { chain, tree, add } = setup()
    // Key 9 is nobody at genesis.
    const spend = chain.transfer(9, 4, 1n)
    expect(await pool.submit(spend.raw)).toMatchObject({ ok: false, error: { code: 'TX_INSUFFICIENT_FUNDS' } })
    const paid = add(chain.build([chain.transfer(4, 9, 10n ** 18n)]))
    pool.followTip(tree.setTip(paid))
    expect(await pool.submit(spend.raw)).toMatchObject({ ok: true })
  })

  it('checks each signature of a block once: what waits here is not recovered again', async () => {
    const { chain } = setup()
    const [known, unknown] = [chain.transfer(4, 5), chain.transfer(5, 6)]
    await pool.submit(known.raw)
    const before = signatures.stats.answered
    const recovered = await pool.recoverBlock([unknown.raw, known.raw])
    expect(recovered).toMatchObject({ ok: true, value: [{ from: unknown.from }, { from: known.from }] })
    expect(signatures.stats.answered - before).toBe(1)
    const broken = known.raw.map((byte, i) => (i === known.raw.length - 1 ? byte ^ 1 : byte))
    const refused = await pool.recoverBlock([broken.slice(0, -1)])
    expect(refused).toMatchObject({ ok: false, error: { code: 'TX_MALFORMED' } })
  })

  it('relays own submissions in portions that peers accept, and nothing that came from a peer', async () => {
    const { chain, relayed, admitted } = setup()
    const own = Array.from({ length: MAX_GOSSIP_TRANSACTIONS + 1 }, () => chain.transfer(4, 5))
    const foreign = chain.transfer(5, 4)
    await Promise.all(own.map((transaction) => pool.submit(transaction.raw)))
    await pool.receive([foreign.raw, own[0]!.raw])
    while (relayed.flat().length < own.length) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(relayed.flat().length).toBe(own.length)
    for (const batch of relayed) {
      expect(batch.length).toBeLessThanOrEqual(MAX_GOSSIP_TRANSACTIONS)
      expect(batch.reduce((sum, raw) => sum + raw.length, 0)).toBeLessThanOrEqual(MAX_GOSSIP_BYTES)
    }
    expect(admitted.length).toBe(own.length + 1)
  })
})

describe('what the network should make of a batch', () => {
  const statement = (fill: number) =>
    ({ type: 'notarize', blockHash: new Uint8Array(32).fill(fill), signature: new Uint8Array(96) }) as const
  const falseEvidence = { epoch: 0, view: 1, first: statement(1), second: statement(2) }

  const verdictOf = async (envelopes: readonly Uint8Array[]) => {
    const verdict = await pool.receive(envelopes)
    return typeof verdict === 'string' ? verdict : verdict.reject
  }

  it('accept: something in it is new; ignore: nothing is, and no peer is to blame', async () => {
    const { chain, admitted } = setup()
    const [first, second] = [chain.transfer(4, 5), chain.transfer(4, 5)]
    expect(await verdictOf([first.raw])).toBe('accept')
    expect(await verdictOf([first.raw])).toBe('ignore')
    expect(await verdictOf([first.raw, second.raw])).toBe('accept')
    // Nobody at genesis; and a nonce that another transaction has.
    expect(await verdictOf([chain.transfer(9, 4).raw, chain.transaction(4, first.action, 0).raw])).toBe('ignore')
    expect(await verdictOf([])).toBe('ignore')
    expect(admitted).toHaveLength(2)
  })

  it('C: goes on as it is only where each envelope was found good; what else is new goes on by itself', async () => {
    const { chain, relayed } = setup()
    const [good, alsoGood] = [chain.transfer(4, 5), chain.transfer(5, 4)]
    const evidence = chain.transaction(6, { kind: 'SUBMIT_EVIDENCE', validator: testKey(0).owner, ...falseEvidence })
    // Nobody at genesis: refused here, but not everywhere.
    expect(await verdictOf([good.raw, chain.transfer(9, 4).raw])).toBe('ignore')
    expect(await verdictOf([alsoGood.raw, evidence.raw])).toBe('EVIDENCE_SIGNATURE_INVALID')
    while (relayed.flat().length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(relayed.flat()).toEqual([good.raw, alsoGood.raw])
  })

  it('reject: an envelope that no state makes valid, and nothing of its batch comes in', async () => {
    const { chain, admitted } = setup()
    const good = chain.transfer(4, 5).raw
    const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n, nonce: 0, to: testKey(5).owner, value: 1n }
    const foreign = signEip1559Transfer({ chainId: 1, ...fees }, testKey(4).privateKey)
    const outOfRange = good.slice()
    outOfRange.fill(0xff, good.length - 32)
    const rows = [
      [good.slice(0, -1), 'TX_MALFORMED'],
      [new Uint8Array(0), 'TX_MALFORMED'],
      [outOfRange, 'TX_SIGNATURE_INVALID'],
      [foreign, 'TX_CHAIN_ID'],
    ] as const
    for (const [bad, code] of rows) {
      expect(await verdictOf([bad])).toBe(code)
      expect(await verdictOf([good, bad])).toBe(code)
    }
    expect(admitted).toEqual([])
  })

  it('C: reject: a false proof, which its relayer had to check', async () => {
    const { chain } = setup()
    const evidence = chain.transaction(4, { kind: 'SUBMIT_EVIDENCE', validator: testKey(0).owner, ...falseEvidence })
    expect(await verdictOf([evidence.raw])).toBe('EVIDENCE_SIGNATURE_INVALID')
    const registration = { blsPublicKey: new Uint8Array(48).fill(7), proofOfPossession: new Uint8Array(96) }
    const stake = chain.transaction(5, { kind: 'STAKE', amount: FAST_PARAMS.minStakeWei, registration })
    expect(await verdictOf([chain.transfer(6, 5).raw, stake.raw])).toBe('PROOF_OF_POSSESSION_INVALID')
    // Decided by state, which honest nodes need not share.
    const stranger = chain.transaction(7, { kind: 'SUBMIT_EVIDENCE', validator: testKey(7).owner, ...falseEvidence })
    expect(await verdictOf([stranger.raw])).toBe('ignore')
  })

  it('later: this node is busy or closing', async () => {
    const { chain } = setup()
    const busy = new SignaturePool({ chainId: FAST_PARAMS.chainId, workers: 0, maxWaiting: 0 })
    const { block, state } = chain.genesis
    const tree = new BlockTree<ChainEntry>({ block, state, transactions: [], receipts: [], layer: undefined })
    const full = new TransactionPool({
      clock: new SystemClock(),
      tree,
      rules: chain.rules,
      signatures: busy,
      proofs: inlineProofs(FAST_PARAMS).ahead,
      relay: () => {},
      admitted: () => {},
    })
    expect(await full.receive([chain.transfer(4, 5).raw])).toBe('later')
    await busy.close()
    expect(await full.receive([chain.transfer(4, 5).raw])).toBe('later')
    full.close()
  })
})
