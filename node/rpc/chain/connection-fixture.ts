/** A connection for tests: starts subscriptions at once and keeps what it is sent. */
import type { Connection } from '../method.ts'

export interface Sent {
  readonly cursor?: string
  readonly event?: unknown
  readonly error?: unknown
}

export interface RecordingConnection extends Connection {
  /** Notifications as a client would parse them. */
  readonly sent: Sent[]
  /** Resolves once nothing more comes without a new block. */
  quiet(): Promise<void>
}

/** @param pauseTurns turns of the event loop that the client takes to read one block's events */
export function recordingConnection({ pauseTurns = 0 } = {}): RecordingConnection {
  const sent: Sent[] = []
  const stops = new Map<string, () => void>()
  let waiting = 0
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    sent,
    subscribe(method, start) {
      const id = `0x${stops.size + 1}`
      stops.set(
        id,
        start((payload) => sent.push(JSON.parse(JSON.stringify({ method, ...payload })))),
      )
      return id
    },
    unsubscribe(id) {
      stops.get(id)?.()
      return stops.delete(id)
    },
    async ready() {
      waiting++
      for (let i = 0; i < pauseTurns; i++) await turn()
      waiting--
    },
    async quiet() {
      for (let known = -1; known !== sent.length || waiting > 0; ) {
        known = sent.length
        for (let i = 0; i < 4; i++) await turn()
      }
    },
  }
}
