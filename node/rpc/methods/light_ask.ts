import { toHex } from '../../../core/bytes.ts'
import { decodeRequest, encodeResponse } from '../../../p2p/wire.ts'
import { isLightRequest, LIGHT_REQUESTS, MAX_STATE_REQUEST_BYTES } from '../../../p2p/wire-light.ts'
import { invalidParams } from '../errors.ts'
import { defineMethod, required } from '../method.ts'
import { Data, DataParam, readData } from '../schema.ts'

export const light_ask = defineMethod({
  name: 'light_ask',
  summary:
    'For clients that trust headers and proofs alone: a request of the peer-to-peer protocol /light/1 and its answer, both in ' +
    `their wire form. Requests: ${LIGHT_REQUESTS.join(', ')}.`,
  params: [required('request', DataParam)],
  result: Data,
  example: { params: ['0x31c28080'], result: '0x31c0' },
  handler: async ({ node }, data) => {
    if (data.length > 2 * MAX_STATE_REQUEST_BYTES + 4) throw invalidParams('parameter "request": it is too long')
    const request = decodeRequest(readData(data, 'request'))
    if (!isLightRequest(request)) throw invalidParams(`parameter "request": only ${LIGHT_REQUESTS.join(', ')}`)
    return toHex(encodeResponse(await node.answerLight(request)))
  },
})
