import { describe, expect, it } from 'vitest'
import { verifyCertificate } from '../../consensus/certificate.ts'
import { bls } from '../../core/bls.ts'
import { toHex } from '../../core/bytes.ts'
import { workers } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { ACCOUNTS, fixture, transfer, WORKER } from './fixture.ts'

describe('the fixture chain', () => {
  it('stands at height 12 with 5 successful results, one failed, and a paid worker', () => {
    const { chain, landmarks } = fixture()
    expect(chain.latest().height).toBe(12)
    expect(chain.finalized().height).toBe(10)
    const statuses = (hash: Uint8Array) => {
      const found = chain.transactionByHash(hash)!
      return found.executed.receipts[found.index]!.error ?? 'done'
    }
    expect(landmarks.results.map(statuses)).toEqual(Array(5).fill('done'))
    expect(statuses(landmarks.failedResult)).toBe('RESULT_HASH_MISMATCH')
    expect(chain.blockByHeight(4)!.block.header.resultCount).toBe(3)
    const worker = readRecord(chain.stateAt(12)!, workers, WORKER.address)!
    expect(worker.results).toBe(5)
    expect(worker.paidWei > 0n).toBe(true)
  })

  it('has certificates that verify', () => {
    const { chain } = fixture()
    const { notarization, finalization } = chain.certificates(10)
    for (const certificate of [notarization!, finalization!]) {
      expect(verifyCertificate(certificate, chain.validatorSet(1)!, chain.genesisHash, bls)).toBe(true)
    }
    expect(chain.certificates(11).finalization).toBeUndefined()
  })

  it('takes transactions, mines them, and gives back those of an abandoned block', async () => {
    const { chain } = fixture()
    const events: string[] = []
    chain.subscribe((event) => events.push(event.type))
    const sent = await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
    expect(sent.ok).toBe(true)
    const mined = chain.mine()
    expect(mined.transactions.map(({ hash }) => toHex(hash))).toEqual([toHex(sent.ok ? sent.value : new Uint8Array())])
    expect(chain.pool().counts().pending).toBe(0)
    chain.reorg()
    expect(chain.pool().counts().pending).toBe(1)
    expect(events).toEqual(['transaction', 'tip', 'final', 'tip'])
    expect(fixture().chain.latest().height).toBe(12)
  })

  it('undoes everything after a snapshot', async () => {
    const { chain, dev } = fixture()
    const id = await dev.snapshot()
    await dev.setBalance(ACCOUNTS[0]!.address, 5n)
    expect(chain.latest().height).toBe(13)
    expect(await dev.revert(id)).toBe(true)
    expect(chain.latest().height).toBe(12)
    expect(await dev.revert(id)).toBe(false)
  })
})
