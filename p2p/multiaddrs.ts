/** Multiaddrs as people write them into configurations. */
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { QuernError } from '../core/errors.ts'
import type { PeerId } from './transport.ts'

export interface PeerAddress {
  readonly peer: PeerId
  readonly address: Multiaddr
}

const invalid = (text: string, why: string, cause?: unknown) =>
  new QuernError(
    'P2P_ADDRESS_INVALID',
    `${JSON.stringify(text)} is no address of a peer: ${why}; write /ip4/1.2.3.4/tcp/26650/p2p/<peer id>`,
    {},
    { cause },
  )

/** @throws QuernError `P2P_ADDRESS_INVALID` */
export function parseListen(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (error) {
    throw invalid(text, 'not a multiaddr', error)
  }
}

/** @throws QuernError `P2P_ADDRESS_INVALID` without a transport address or a peer id at its end */
export function parsePeerAddress(text: string): PeerAddress {
  const address = parseListen(text)
  const components = address.getComponents()
  const last = components.at(-1)
  if (last?.name !== 'p2p' || last.value === undefined) throw invalid(text, 'it does not end in /p2p/<peer id>')
  if (!components.some(({ name }) => name === 'tcp')) throw invalid(text, 'it names no TCP port')
  try {
    return { peer: peerIdFromString(last.value).toString(), address }
  } catch (error) {
    throw invalid(text, 'its peer id is malformed', error)
  }
}
