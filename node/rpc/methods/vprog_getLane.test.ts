import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { lanes } from '../../../vm/lanes/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { callMethod } from '../fixture.ts'
import { laneOf, VprogFixture, WINDOW } from '../vprog/fixture.ts'
import { vprog_getLane } from './vprog_getLane.ts'

it('tells where a lane stands, by namespace, id or key', async () => {
  const own = new VprogFixture()
  own.mine(own.message(1))
  own.mine(own.message(2))
  own.mine(own.message(1), own.message(1, 0, 1))
  const key = laneKey(laneOf(1))
  const record = readRecord(own.chain.stateAt(3)!, lanes, key)!
  const shown = {
    lane_id: toHex(laneOf(1)),
    lane_key: toHex(key),
    height: 3,
    active: true,
    tip: toHex(record.tip),
    blue_score: 3,
    active_until: 3 + WINDOW,
    recent_heights: [3, 1],
  }
  for (const lane of ['0x51000001', toHex(laneOf(1)), toHex(key)]) {
    expect(await callMethod(own.context, vprog_getLane, [lane])).toEqual(shown)
  }
  own.idle(WINDOW)
  expect(await callMethod(own.context, vprog_getLane, [toHex(key)])).toMatchObject({ active: true, height: 3 + WINDOW })
  own.idle(1)
  expect(await callMethod(own.context, vprog_getLane, [toHex(key)])).toEqual({
    ...shown,
    height: 4 + WINDOW,
    active: false,
    tip: null,
    blue_score: null,
    active_until: null,
  })
})

it('knows nothing of a lane that never was', async () => {
  const own = new VprogFixture()
  const unknown = { active: false, recent_heights: [] }
  expect(await callMethod(own.context, vprog_getLane, ['0x51000009'])).toMatchObject(unknown)
  const key = toHex(laneKey(laneOf(9)))
  expect(await callMethod(own.context, vprog_getLane, [key])).toMatchObject({ ...unknown, lane_id: null })
})
