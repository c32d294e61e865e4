import { describe, expect, it } from 'vitest'
import { verifyState } from '../../../consensus/light/answers.ts'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { decodeResponse, encodeRequest } from '../../../p2p/wire.ts'
import type { LightRequest } from '../../../p2p/wire-light.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord, treeKeyOf } from '../../../vm/state/view.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag } from '../fixture.ts'
import { light_ask } from './light_ask.ts'

const hex = (request: LightRequest): string => toHex(encodeRequest(request))

describe('light_ask', () => {
  it('answers as a peer does, so that a client can verify it', async () => {
    const { context, chain } = fixture()
    const { header } = chain.blockByHeight(10)!.block
    const { address } = ACCOUNTS[0]!
    const keys = [treeKeyOf(accounts, address)]
    const answer = await callMethod<string>(context, light_ask, [hex({ type: 'state', height: 10, keys })])
    const response = decodeResponse(fromHex(answer))
    if (response.type !== 'state' || response.state === undefined) throw new Error('no state')
    const verified = verifyState(header, keys, response.state)
    const record = verified.ok ? accounts.decode(verified.value[0]!) : verified.error.code
    expect(record).toEqual(readRecord(chain.stateAt(10)!, accounts, address))
  })

  it('refuses what is no light request, or no request at all', async () => {
    const { context } = fixture()
    const status = toHex(encodeRequest({ type: 'status' }))
    for (const params of [[status], ['0x'], ['0x3'], ['nonsense'], [], [`0x${'00'.repeat(2_000)}`]]) {
      expect(await refusalTag(context, light_ask, params)).not.toBe('INTERNAL')
    }
    expect(await refusalTag(context, light_ask, [status])).toBe('INVALID_PARAMS')
  })
})
