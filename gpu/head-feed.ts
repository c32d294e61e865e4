/**
 * A node's final blocks as they come, over its WebSocket (`chain_subscribe blocks`). Only that there is one is told: what
 * it means for the work is asked for by HTTP. Connects again whenever the connection ends, for as long as the worker
 * lives; while it is down the worker asks by itself.
 */
import WebSocket from 'ws'
import { backoffMs, pause } from './backoff.ts'
import type { HeadWatch } from './chain-client.ts'
import { isJsonObject } from './json-rpc.ts'

const HANDSHAKE_MS = 5_000
/** A silent connection may be dead: some middle box forgot it. Two of these pass before it is given up. */
const PING_MS = 10_000
/** The fullest block of the presets names 11,000 transactions in 0.8 MB. */
const MAX_MESSAGE_BYTES = 4 << 20

/** One connection, until it ends. @returns whether it was ever subscribed */
function connection(url: string, onHead: () => void, onLive: (live: boolean) => void, signal: AbortSignal) {
  return new Promise<boolean>((resolve) => {
    let subscribed = false
    let answered = true
    const socket = new WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    })
    const end = (): void => socket.terminate()
    const pinging = setInterval(() => {
      if (!answered) return end()
      answered = false
      if (socket.readyState === WebSocket.OPEN) socket.ping()
    }, PING_MS)
    signal.addEventListener('abort', end, { once: true })
    socket.on('open', () => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chain_subscribe', params: ['blocks'] }))
    })
    socket.on('pong', () => {
      answered = true
    })
    socket.on('message', (data) => {
      answered = true
      const message = readMessage(String(data))
      if (message === 'subscribed') {
        subscribed = true
        onLive(true)
        // Blocks may have become final while nobody was listening.
        onHead()
      } else if (message === 'block') onHead()
      else end()
    })
    // 'close' follows; without a listener an error would end the process.
    socket.on('error', end)
    socket.on('close', () => {
      clearInterval(pinging)
      signal.removeEventListener('abort', end)
      onLive(false)
      resolve(subscribed)
    })
  })
}

/** Undefined: a refusal, the end of the subscription, or nothing that a Quern node sends. */
function readMessage(text: string): 'subscribed' | 'block' | undefined {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(message)) return undefined
  if (message.id === 1) return typeof message.result === 'string' ? 'subscribed' : undefined
  const { params } = message
  return isJsonObject(params) && isJsonObject(params.event) ? 'block' : undefined
}

/** @param url `ws://` or `wss://`; what is wrong with it shows in `isLive` alone */
export function watchHeads(url: string, onHead: () => void, signal: AbortSignal): HeadWatch {
  let live = false
  const run = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted; ) {
      const worked = await connection(url, onHead, (now) => (live = now), signal).catch(() => false)
      failures = worked ? 1 : failures + 1
      if (!signal.aborted) await pause(backoffMs(failures), signal)
    }
  }
  // Ends by its signal only.
  run().catch(() => undefined)
  return { isLive: () => live }
}
