/** A transport that lets a test see, change or withhold what a node says, before anybody hears it. */
import type { NetworkMessage, PeerId, Transport } from '../../p2p/transport.ts'

/** What goes out instead of `message`; nothing for silence. */
export type Tap = (message: NetworkMessage, to: PeerId | undefined) => readonly NetworkMessage[]

export const tapped = (inner: Transport, tap: Tap): Transport => ({
  start: (handlers) => inner.start(handlers),
  stop: () => inner.stop(),
  blame: (peer, code) => inner.blame(peer, code),
  peers: () => inner.peers(),
  setValidators: (validators) => inner.setValidators(validators),
  peerOf: (validator) => inner.peerOf(validator),
  broadcast: (message) => {
    for (const said of tap(message, undefined)) inner.broadcast(said)
  },
  send: (to, message) => {
    for (const said of tap(message, to)) inner.send(to, said)
  },
  request: (to, request) => inner.request(to, request),
})
