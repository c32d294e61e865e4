/** Types of messages as the limits and queues tell them apart. */
import type { NetworkMessage } from './transport.ts'

export type MessageType = 'proposal' | 'certificate' | 'vote' | 'evidence' | 'transactions'

/** In the order in which they are handled. */
export const MESSAGE_TYPES: readonly MessageType[] = ['proposal', 'certificate', 'vote', 'evidence', 'transactions']

export const messageTypeOf = (message: NetworkMessage): MessageType =>
  message.type === 'consensus' ? message.message.type : message.type

/** By the second tag, that of consensus/wire.ts. */
const CONSENSUS_TYPES: readonly (MessageType | undefined)[] = [undefined, 'proposal', 'vote', 'certificate']

/** What an encoded message (wire.ts) says it is, by its tags alone; undefined when it can be none. */
export function messageTypeIn(bytes: Uint8Array): MessageType | undefined {
  switch (bytes[0]) {
    case 1:
      return CONSENSUS_TYPES[bytes[1] ?? 0]
    case 2:
      return 'transactions'
    case 3:
      return 'evidence'
    default:
      return undefined
  }
}
