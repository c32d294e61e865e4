import { describe, expect, it } from 'vitest'
import { bls } from '../core/bls.ts'
import { EMPTY_BYTES, ZERO_HASH } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { computeRoot } from '../vm/compute-root.ts'
import { receiptRoot } from '../vm/execution/receipt.ts'
import { MemoryState } from '../vm/state/memory.ts'
import { txRoot } from '../vm/transaction/tx-root.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { decodeBlock, encodeBlock, MAX_BLOCK_BYTES, makeBlock } from './block.ts'
import { certificateHash } from './certificate.ts'
import { recoverInline, replay } from './replay.ts'
import { FAST_PARAMS, TestChain, testKey, withHeader } from './testing/chain.ts'
import type { Block, Header } from './types.ts'
import { type AppliedBlock, validateBlock } from './validate.ts'
import { revealBytes } from './vote.ts'

const recover = recoverInline(FAST_PARAMS)
const verdict = (chain: TestChain, block: Block): string => {
  const answer = validateBlock(block, chain.parent, chain.rules, recover)
  return answer.ok ? 'valid' : answer.error.code
}

describe('block validity', () => {
  it('accepts what buildBlock makes, through the wire, across epochs, with results and skipped views', () => {
    const chain = new TestChain()
    for (let height = 1; height <= 20; height++) {
      const transactions: Transaction[] = [chain.transfer(4, 5), chain.transfer(5, 6)]
      if (height % 5 === 0) transactions.push(chain.transaction(6, chain.result(6, height - 2)))
      const skipped = height % 7 === 3 ? chain.parent.block.header.view + 3 : undefined
      const applied = chain.build(transactions, skipped)
      expect(applied.outcome.receipts.map((receipt) => receipt.status)).toEqual(transactions.map(() => 1))
      expect(verdict(chain, decodeBlock(encodeBlock(applied.block)))).toBe('valid')
      chain.add(applied)
    }
    expect(chain.parent.block.header.epoch).toBe(2)
  })

  it('names what is wrong with each field of a header', () => {
    const chain = new TestChain()
    chain.next()
    chain.next([chain.transfer(4, 5)])
    const { block } = chain.build([chain.transfer(4, 6), chain.transaction(6, chain.result(6, 1))])
    const { header } = block
    const other = sha256(Uint8Array.of(1))
    const cases: [string, Partial<Header>][] = [
      ['BLOCK_VERSION', { version: 2 }],
      ['BLOCK_CHAIN_ID', { chainId: header.chainId + 1 }],
      ['BLOCK_PARENT', { parentHash: other }],
      ['BLOCK_HEIGHT', { height: header.height + 1 }],
      ['BLOCK_EPOCH', { epoch: 1 }],
      ['BLOCK_VIEW', { view: header.view - 1 }],
      ['BLOCK_TIMESTAMP', { timestampMs: header.timestampMs - 1 }],
      ['BLOCK_VALIDATORS_HASH', { validatorsHash: other }],
      ['BLOCK_PROPOSER', { proposer: testKey(9).owner }],
      ['BLOCK_REVEAL', { randomnessReveal: bls.sign(testKey(0).blsSecretKey, other) }],
      ['BLOCK_CERTIFICATE_HASH', { parentCertificateHash: other }],
      ['BLOCK_SEQ_COMMIT', { seqCommit: other }],
      ['BLOCK_RESERVED', { zkStateProof: Uint8Array.of(1) }],
      ['BLOCK_RESERVED', { zkComputeProof: Uint8Array.of(1) }],
      ['BLOCK_EXTRA_DATA', { extraData: new Uint8Array(33) }],
      ['BLOCK_GAS_LIMIT', { gasLimit: header.gasLimit + 1 }],
      ['BLOCK_BASE_FEE', { baseFeePerGas: header.baseFeePerGas + 1n }],
      ['BLOCK_TX_ROOT', { txRoot: other }],
      ['BLOCK_GAS_USED', { gasUsed: header.gasUsed + 1 }],
      ['BLOCK_GRAM_USED', { gramUsed: 1 }],
      ['BLOCK_DIFFICULTY', { difficulty: header.difficulty + 1n }],
      ['BLOCK_RESULT_COUNT', { resultCount: 2 }],
      ['BLOCK_COMPUTE_ROOT', { computeRoot: other }],
      ['BLOCK_COMPUTE_ROOT', { computeRoot: EMPTY_BYTES }],
      ['BLOCK_RECEIPT_ROOT', { receiptRoot: other }],
      ['BLOCK_STATE_ROOT', { stateRoot: other }],
    ]
    expect(verdict(chain, block)).toBe('valid')
    for (const [code, changes] of cases)
      expect([code, verdict(chain, withHeader(block, changes))]).toEqual([code, code])
  })

  it('wants a notarization of the parent by a quorum, and none on genesis', () => {
    const chain = new TestChain()
    const first = chain.build().block
    chain.next()
    const { block } = chain.build()
    const parent = chain.parent.block
    const withCertificate = (parentCertificate: Block['parentCertificate']) =>
      makeBlock({
        ...block,
        header: { ...block.header, parentCertificateHash: certificateHash(parentCertificate) },
        parentCertificate,
      })
    expect(verdict(chain, withCertificate(undefined))).toBe('BLOCK_CERTIFICATE')
    expect(verdict(chain, withCertificate(chain.certify('notarize', parent, 2)))).toBe('BLOCK_CERTIFICATE')
    expect(verdict(chain, withCertificate(chain.certify('finalize', parent)))).toBe('BLOCK_CERTIFICATE')
    expect(verdict(chain, withCertificate(chain.certify('nullify', parent)))).toBe('BLOCK_CERTIFICATE')
    expect(verdict(chain, withCertificate(chain.certify('notarize', first, 4, first.header.view + 1)))).toBe(
      'BLOCK_CERTIFICATE',
    )
    const forged = { ...chain.certify('notarize', parent, 3), signers: Uint8Array.of(0b1111) }
    expect(verdict(chain, withCertificate(forged))).toBe('BLOCK_CERTIFICATE')
    // Three of four are a quorum; only the rewards, which depend on who signed, come out otherwise.
    expect(verdict(chain, withCertificate(chain.certify('notarize', parent, 3)))).toBe('BLOCK_STATE_ROOT')

    const fresh = new TestChain()
    const header = { ...first.header, parentCertificateHash: certificateHash(chain.certificate) }
    expect(verdict(fresh, makeBlock({ ...first, header, parentCertificate: chain.certificate }))).toBe(
      'BLOCK_CERTIFICATE',
    )
  })

  it("takes a later notarization of an epoch's last block, which is proposed again until it is final (S9)", () => {
    const chain = new TestChain()
    for (let height = 1; height <= FAST_PARAMS.epochBlocks; height++) chain.next()
    const { block } = chain.build()
    const last = chain.parent.block
    const later = chain.certify('notarize', last, 4, last.header.view + 5)
    const header = { ...block.header, parentCertificateHash: certificateHash(later) }
    const again = makeBlock({ ...block, header, parentCertificate: later })
    expect(last.header.epoch).toBe(0)
    expect(block.header.view).toBe(0)
    // All four signed either certificate, so the rewards, and with them the state, are the same.
    expect(verdict(chain, again)).toBe('valid')
  })

  it('refuses a block over its size, whatever its gas', () => {
    const chain = new TestChain()
    const { block } = chain.build()
    const transactions = Array.from({ length: 12 }, () => new Uint8Array(MAX_BLOCK_BYTES / 12))
    const header = { ...block.header, txRoot: txRoot(transactions) }
    expect(verdict(chain, makeBlock({ ...block, header, transactions }))).toBe('BLOCK_SIZE')
  })

  it('one bad compute result in a block: as claimed it is invalid, told truthfully it is charged and earns no leaf', () => {
    const chain = new TestChain()
    for (let height = 1; height <= 3; height++) chain.next()
    const good = chain.result(6, 2)
    const resultHash = good.result.resultHash.map((byte, i) => (i === 31 ? byte ^ 1 : byte))
    const bad = { ...good, result: { ...good.result, resultHash } }
    const { block, outcome } = chain.build([chain.transaction(6, bad)])
    expect(outcome.receipts[0]).toMatchObject({ status: 0, error: 'RESULT_HASH_MISMATCH' })
    expect(block.header.resultCount).toBe(0)
    expect(block.header.computeRoot).toEqual(EMPTY_BYTES)
    expect(verdict(chain, block)).toBe('valid')
    const receipts = [{ ...outcome.receipts[0]!, status: 1 as const }]
    const lie = { resultCount: 1, computeRoot: computeRoot([bad.result]), receiptRoot: receiptRoot(receipts) }
    expect(verdict(chain, withHeader(block, lie))).toBe('BLOCK_RESULT_COUNT')
    expect(verdict(chain, withHeader(block, { ...lie, resultCount: 0 }))).toBe('BLOCK_COMPUTE_ROOT')
  })
})

describe('cases reproduced against predecessors cannot happen here', () => {
  it('C9: a proposer cannot pick its turn, and time cannot go back or stand still', () => {
    const chain = new TestChain()
    chain.next()
    const { block } = chain.build()
    const leader = chain.leader(block.header.view)
    const usurper = [0, 1, 2, 3].map(testKey).find((key) => key.owner.some((byte, i) => byte !== leader.owner[i]))!
    const { epoch, view } = block.header
    const reveal = bls.sign(usurper.blsSecretKey, revealBytes(chain.rules.genesisHash, epoch, view))
    expect(verdict(chain, withHeader(block, { proposer: usurper.owner, randomnessReveal: reveal }))).toBe(
      'BLOCK_PROPOSER',
    )
    expect(verdict(chain, withHeader(block, { randomnessReveal: reveal }))).toBe('BLOCK_REVEAL')
    const parentMs = chain.parent.block.header.timestampMs
    for (const timestampMs of [parentMs - 1, parentMs, parentMs + FAST_PARAMS.blockIntervalMs - 1]) {
      expect(verdict(chain, withHeader(block, { timestampMs }))).toBe('BLOCK_TIMESTAMP')
    }
  })

  it('C10: txRoot, chain id and the order of the body are checked', () => {
    const chain = new TestChain()
    const { block } = chain.build([chain.transfer(4, 5), chain.transfer(5, 6)])
    const [a, b] = block.transactions
    expect(verdict(chain, { ...block, transactions: [b!, a!] })).toBe('BLOCK_TX_ROOT')
    expect(verdict(chain, { ...block, transactions: [a!] })).toBe('BLOCK_TX_ROOT')
    expect(verdict(chain, { ...block, transactions: [a!, b!, b!] })).toBe('BLOCK_TX_ROOT')
    expect(verdict(chain, withHeader(block, { chainId: 1 }))).toBe('BLOCK_CHAIN_ID')
    expect(block.header.txRoot).not.toEqual(txRoot([b!, a!]))
  })

  it('C14: no transaction is free: every kind is charged its gas, and limits bind the block, not the proposer', () => {
    const chain = new TestChain()
    for (let height = 1; height <= 3; height++) chain.next()
    const limit = FAST_PARAMS.maxResultsPerBlock
    const action = { ...chain.result(6, 2, true) }
    const many = Array.from({ length: limit + 1 }, () => chain.transaction(6, action))
    const { block, outcome, transactions } = chain.build(many)
    expect(transactions.length).toBe(limit)
    expect(outcome.gasUsed).toBe(80_000 * limit)
    expect(verdict(chain, block)).toBe('valid')
    const envelopes = many.map((transaction) => transaction.raw)
    const over = makeBlock({
      ...block,
      transactions: envelopes,
      header: { ...block.header, txRoot: txRoot(envelopes) },
    })
    expect(verdict(chain, over)).toBe('BLOCK_OVER_LIMIT')
  })

  it('C13: replay of the whole chain from genesis equals the live chain, root by root', async () => {
    const chain = new TestChain()
    for (let height = 1; height <= 18; height++) {
      const transactions = [
        chain.transfer(4, 5, 7n),
        chain.transaction(7, { kind: 'DELEGATE', validator: testKey(0).owner, amount: 10n ** 18n }),
      ]
      if (height > 2) transactions.push(chain.transaction(6, chain.result(6, height - 2)))
      chain.next(transactions)
    }
    const target = new MemoryState(chain.genesis.state.writes)
    const sink = { state: target, commit: ({ state }: AppliedBlock) => target.commit(state) }
    const answer = await replay(chain.genesis.block, chain.blocks, sink, chain.rules, recover)
    expect(answer.ok && answer.value.hash).toEqual(chain.parent.block.hash)
    expect(target.root).toEqual(chain.state.root)
    expect(target.size).toBe(chain.state.size)

    const broken = chain.blocks.map((block, i) => (i === 9 ? withHeader(block, { stateRoot: ZERO_HASH }) : block))
    const again = new MemoryState(chain.genesis.state.writes)
    const stopped = await replay(
      chain.genesis.block,
      broken,
      { state: again, commit: ({ state }) => again.commit(state) },
      chain.rules,
      recover,
    )
    expect(stopped).toMatchObject({ ok: false, error: { code: 'BLOCK_STATE_ROOT', meta: { height: 10 } } })
  })
})
