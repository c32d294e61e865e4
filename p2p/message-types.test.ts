import fc from 'fast-check'
import { expect, it } from 'vitest'
import { anyMessage } from '../consensus/testing/arbitraries.ts'
import { MESSAGE_TYPES, messageTypeIn, messageTypeOf } from './message-types.ts'
import type { NetworkMessage } from './transport.ts'
import { encodeNetworkMessage } from './wire.ts'

const statement = { type: 'notarize', blockHash: new Uint8Array(32), signature: new Uint8Array(96) } as const
const OTHERS: readonly NetworkMessage[] = [
  { type: 'transactions', transactions: [] },
  {
    type: 'evidence',
    evidence: { validator: new Uint8Array(20), epoch: 0, view: 0, first: statement, second: statement },
  },
]

it('the type of a message shows in its first bytes', () => {
  const seen = new Set<string>()
  const anyNetworkMessage = fc.oneof(
    anyMessage.map((message) => ({ type: 'consensus' as const, message })),
    fc.constantFrom(...OTHERS),
  )
  fc.assert(
    fc.property(anyNetworkMessage, (message) => {
      seen.add(messageTypeOf(message))
      expect(messageTypeIn(encodeNetworkMessage(message))).toBe(messageTypeOf(message))
    }),
  )
  expect([...seen].toSorted()).toEqual(MESSAGE_TYPES.toSorted())
  for (const bytes of [[], [0], [4], [1], [1, 0], [1, 4]]) expect(messageTypeIn(Uint8Array.from(bytes))).toBeUndefined()
})
