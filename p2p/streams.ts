/** One frame out of a libp2p stream, and one into it. */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { QuernError } from '../core/errors.ts'
import { encodeFrame, FrameReader } from './frames.ts'

export type StreamErrorCode = 'STREAM_ENDED' | 'STREAM_TIMEOUT'

/** Bytes given to the stream at once: what its window takes without delay, so that a slow reader is felt early. */
const WRITE_BYTES = 256 << 10

const ended = (): QuernError<StreamErrorCode> => new QuernError('STREAM_ENDED', 'the peer closed the stream')

/**
 * Every frame as it arrives, until the stream ends or `onFrame` aborts it. Nothing is held back for a slow consumer:
 * `onFrame` keeps what it has room for.
 * @returns resolves when the stream has ended; rejects with `FrameErrorCode` on a malformed one, which is aborted
 */
export function readFrames(stream: Stream, maxBytes: number, onFrame: (frame: Uint8Array) => void): Promise<void> {
  const reader = new FrameReader(maxBytes)
  return new Promise((resolve, reject) => {
    const onMessage = (event: StreamMessageEvent): void => {
      try {
        for (const frame of reader.push(event.data.subarray())) onFrame(frame)
      } catch (error) {
        finish()
        stream.abort(error as Error)
        reject(error)
      }
    }
    const onEnd = (): void => {
      finish()
      if (reader.isPartial) reject(ended())
      else resolve()
    }
    const finish = (): void => {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('remoteCloseWrite', onEnd)
      stream.removeEventListener('close', onEnd)
    }
    stream.addEventListener('message', onMessage)
    stream.addEventListener('remoteCloseWrite', onEnd)
    stream.addEventListener('close', onEnd)
    // The peer may have gone before anybody listened.
    if (stream.status !== 'open' && stream.readBufferLength === 0) onEnd()
  })
}

/**
 * The next frame, which must be the last thing the peer says on this stream for now.
 * @throws QuernError `FrameErrorCode`, `StreamErrorCode`
 */
export function readFrame(stream: Stream, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const reader = new FrameReader(maxBytes)
  return new Promise((resolve, reject) => {
    const onMessage = (event: StreamMessageEvent): void => {
      try {
        const [frame] = reader.push(event.data.subarray())
        if (frame !== undefined) finish(() => resolve(frame))
      } catch (error) {
        finish(() => reject(error))
      }
    }
    // Data that came together with the end is delivered before it is looked at.
    const onEnd = (): void => void setTimeout(() => finish(() => reject(ended())), 0)
    const onClose = (event: StreamCloseEvent): void => {
      if (event.error === undefined) onEnd()
      else finish(() => reject(ended()))
    }
    const onAbort = (): void => {
      finish(() => reject(new QuernError<StreamErrorCode>('STREAM_TIMEOUT', 'the peer was silent for too long')))
    }
    const finish = (settle: () => void): void => {
      stream.removeEventListener('message', onMessage)
      stream.removeEventListener('remoteCloseWrite', onEnd)
      stream.removeEventListener('close', onClose)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    stream.addEventListener('message', onMessage)
    stream.addEventListener('remoteCloseWrite', onEnd)
    stream.addEventListener('close', onClose)
    if (stream.status !== 'open' && stream.readBufferLength === 0) onEnd()
  })
}

/**
 * Resolves when the peer's window has taken all but the last piece.
 * @throws errors of libp2p when the stream ends, and the signal's reason
 */
export async function writeFrame(stream: Stream, payload: Uint8Array, signal: AbortSignal): Promise<void> {
  const frame = encodeFrame(payload)
  for (let at = 0; at < frame.length; at += WRITE_BYTES) {
    signal.throwIfAborted()
    if (!stream.send(frame.subarray(at, at + WRITE_BYTES))) await stream.onDrain({ signal })
  }
}

/**
 * In one piece; resolves when the peer's window has taken all of it.
 * @throws errors of libp2p when the stream ends, or when it takes nothing for `stalledMs`
 */
export async function writeWhole(stream: Stream, payload: Uint8Array, stalledMs: number): Promise<void> {
  if (stream.send(encodeFrame(payload))) return
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(), stalledMs)
  try {
    await stream.onDrain({ signal: stalled.signal })
  } finally {
    clearTimeout(timer)
  }
}

/** The peer wrote what no working node writes, as against ending or being slow. */
export const isFrameError = (error: unknown): error is QuernError =>
  error instanceof QuernError && (error.code === 'FRAME_TOO_LARGE' || error.code === 'FRAME_MALFORMED')
