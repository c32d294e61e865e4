import { expect, it } from 'vitest'
import { compareBytes, toHex } from '../../../core/bytes.ts'
import { callMethod } from '../fixture.ts'
import { hashOf, VprogFixture } from '../vprog/fixture.ts'
import { vprog_listPrograms } from './vprog_listPrograms.ts'

interface Page {
  programs: { id: string; standard: boolean | null; last_settlement: unknown }[]
  next: string | null
}

it('lists covenants by ascending id, page by page', async () => {
  const own = new VprogFixture()
  const covenants = [own.deploy(1, 0), own.deploy(2, 1), own.deploy(3, 2)]
  const { id: other, body } = own.genesisOf([{ version: 0, script: Uint8Array.of(0x51) }], hashOf('no script'))
  own.mine(own.sign(body))
  own.settle(covenants[0]!)
  const ids = [...covenants.map(({ covenantId }) => covenantId), other].sort(compareBytes).map(toHex)

  const all = await callMethod<Page>(own.context, vprog_listPrograms)
  expect(all.programs.map(({ id }) => id)).toEqual(ids)
  expect(all.next).toBeNull()
  const settled = all.programs.filter(({ last_settlement }) => last_settlement !== null)
  expect(settled.map(({ id }) => id)).toEqual([toHex(covenants[0]!.covenantId)])
  expect(all.programs.find(({ id }) => id === toHex(other))!.standard).toBeNull()

  const found: string[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page: Page = await callMethod(own.context, vprog_listPrograms, [{ limit: 2, ...(after && { after }) }])
    expect(page.programs.length).toBeLessThanOrEqual(2)
    found.push(...page.programs.map(({ id }) => id))
    after = page.next
  }
  expect(found).toEqual(ids)
})
