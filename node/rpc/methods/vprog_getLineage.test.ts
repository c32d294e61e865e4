import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, overriding, refusalTag } from '../fixture.ts'
import { hashOf, holder, VprogFixture } from '../vprog/fixture.ts'
import { outpointText } from '../vprog/place.ts'
import { vprog_getLineage } from './vprog_getLineage.ts'

interface Page {
  transactions: { kind: string; kip_id: string; height: number; inputs: string[]; outputs: { spent_by: unknown }[] }[]
  next: string | null
}

function grown() {
  const own = new VprogFixture()
  const deployed = own.deploy()
  const funds = own.deposit(deployed, 50n)
  const first = own.settle(deployed, [
    { script: holder('one'), amount: 9n },
    { script: holder('two'), amount: 4n },
  ])
  const claimed = own.claim(first.bundle, 0, 9n, [funds])
  const second = own.settle(first.covenant)
  const change = { outpoint: { txId: claimed.sent.txId, index: 2 }, grains: 41n }
  const last = own.claim(claimed.bundle, 1, 4n, [change])
  return { own, deployed, first, claimed, second, last, id: toHex(deployed.covenantId) }
}

it('tells the transactions of a covenant from its genesis on', async () => {
  const { own, deployed, first, claimed, second, last, id } = grown()
  const { transactions, next } = await callMethod<Page>(own.context, vprog_getLineage, [id])
  expect(next).toBeNull()
  const [genesis, one, claim, two] = transactions
  expect(transactions.map(({ kind }) => kind)).toEqual(['genesis', 'settlement', 'claim', 'settlement'])
  expect(genesis).toMatchObject({ kip_id: toHex(deployed.outpoint.txId), inputs: [], height: 1 })
  expect(genesis!.outputs).toMatchObject([{ spent_by: { transaction_hash: toHex(first.sent.transaction.hash) } }])
  expect(one).toMatchObject({ inputs: [outpointText(deployed.outpoint)], outputs: [{}, { grains: '50000000' }] })
  expect(claim).toMatchObject({
    kip_id: toHex(claimed.sent.txId),
    inputs: [outpointText(first.bundle.output.outpoint)],
    // The bundle's last claim makes no output of the covenant.
    outputs: [{ spent_by: { transaction_hash: toHex(last.sent.transaction.hash) } }],
  })
  expect(two).toMatchObject({ kip_id: toHex(second.sent.txId), outputs: [{ spent_by: null }] })
})

it('goes on from a cursor', async () => {
  const { own, id } = grown()
  const whole = await callMethod<Page>(own.context, vprog_getLineage, [id])
  const found: unknown[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page = await callMethod(own.context, vprog_getLineage, [id, { limit: 3, ...(cursor && { cursor }) }])
    found.push(...page.transactions)
    cursor = page.next
  }
  expect(found).toEqual(whole.transactions)
})

it('is refused for an unknown covenant, and where its beginning is pruned', async () => {
  const { own, id } = grown()
  expect(await refusalTag(own.context, vprog_getLineage, [toHex(hashOf('nobody'))])).toBe('COVENANT_UNKNOWN')
  const node = overriding(own.chain, { holdings: () => ({ ...own.chain.holdings(), mode: 'full', blocksFrom: 3 }) })
  expect(await refusalTag({ ...own.context, node }, vprog_getLineage, [id])).toBe('BLOCK_PRUNED')
  expect(await refusalTag({ ...own.context, node }, vprog_getLineage, [id, { cursor: '2.0' }])).toBe('BLOCK_PRUNED')
  const rest = await callMethod<Page>({ ...own.context, node }, vprog_getLineage, [id, { cursor: '3.0' }])
  // Whether it is a standard one cannot be told without its genesis.
  expect(rest.transactions.map(({ kind, height }) => [kind, height])).toEqual([
    ['other', 4],
    ['other', 5],
  ])
})
