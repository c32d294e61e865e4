import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { depositOutput } from '../../../vm/settlement/transactions.ts'
import { callMethod, overriding, refusalTag } from '../fixture.ts'
import { bodyOf, hashOf, holder, laneOf, VprogFixture } from '../vprog/fixture.ts'
import { outpointText } from '../vprog/place.ts'
import { vprog_getDeposits } from './vprog_getDeposits.ts'

interface Page {
  deposits: { outpoint: string; grains: string; height: number }[]
  next: number | null
}

it('finds deposits of the lane and the change of claims, while they are unspent', async () => {
  const own = new VprogFixture()
  const deployed = own.deploy()
  const id = toHex(deployed.covenantId)
  const read = async () => (await callMethod<Page>(own.context, vprog_getDeposits, [id])).deposits
  const spent = own.deposit(deployed, 20n)
  const kept = own.deposit(deployed, 6n)
  own.mine(own.message(1))
  const elsewhere = { laneId: laneOf(2), outputs: [depositOutput(deployed.covenantId, 8n)] }
  own.mine(own.sign(bodyOf(elsewhere)))
  const keptJson = { outpoint: outpointText(kept.outpoint), grains: '6', height: 3 }
  expect(await read()).toMatchObject([{ outpoint: outpointText(spent.outpoint), grains: '20', height: 2 }, keptJson])

  const { bundle } = own.settle(deployed, [
    { script: holder('one'), amount: 9n },
    { script: holder('two'), amount: 4n },
  ])
  const first = own.claim(bundle, 0, 9n, [spent])
  const change = { outpoint: { txId: first.sent.txId, index: 2 }, grains: 11n }
  expect(await read()).toMatchObject([keptJson, { outpoint: outpointText(change.outpoint), grains: '11' }])
  // The last claim of a bundle is no transaction of the covenant's lineage, and stands in no lane.
  const last = own.claim(first.bundle, 1, 4n, [change])
  expect(await read()).toMatchObject([
    keptJson,
    { outpoint: `${toHex(last.sent.txId)}:1`, grains: '7', height: own.chain.latest().height },
  ])
})

it('answers in parts', async () => {
  const own = new VprogFixture({ laneWindowBlocks: 100 })
  const deployed = own.deploy()
  const id = toHex(deployed.covenantId)
  const made = Array.from({ length: 70 }, (_, i) => own.deposit(deployed, BigInt(i + 1)))
  const found: string[] = []
  const parts: number[] = []
  for (let from: number | null | undefined; from !== null; ) {
    const page: Page = await callMethod(own.context, vprog_getDeposits, [id, ...(from === undefined ? [] : [from])])
    found.push(...page.deposits.map(({ outpoint }) => outpoint))
    parts.push(page.deposits.length)
    from = page.next
  }
  expect(parts).toEqual([64, 6])
  expect(found).toEqual(made.map(({ outpoint }) => outpointText(outpoint)))
})

it('is refused for what is no standard covenant, and for what is pruned', async () => {
  const own = new VprogFixture()
  const deployed = own.deploy()
  own.idle(2)
  expect(await refusalTag(own.context, vprog_getDeposits, [toHex(hashOf('nobody'))])).toBe('COVENANT_UNKNOWN')
  const node = overriding(own.chain, { holdings: () => ({ ...own.chain.holdings(), mode: 'full', blocksFrom: 2 }) })
  const tag = await refusalTag({ ...own.context, node }, vprog_getDeposits, [toHex(deployed.covenantId)])
  expect(tag).toBe('COVENANT_NOT_STANDARD')
})
