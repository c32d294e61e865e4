/** Checkpoints as people write and pass them on: `HEIGHT:HASH`. */
import type { Checkpoint } from '../../consensus/light/trust.ts'
import { fromHex, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'

/** Also matches nothing, which stands for none. */
export const CHECKPOINT_PATTERN = /^(\d{1,15}:(0x)?[0-9a-fA-F]{64})?$/

export const checkpointText = ({ height, hash }: Checkpoint): string => `${height}:${toHex(hash)}`

/** Undefined for empty text. @throws QuernError `ARGUMENT_INVALID` */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!CHECKPOINT_PATTERN.test(text)) {
    throw new QuernError('ARGUMENT_INVALID', `not a checkpoint: ${text}; write HEIGHT:HASH, the hash in 64 hex digits`)
  }
  const [height, hash] = text.split(':')
  if (height === undefined || hash === undefined) return undefined
  return { height: Number(height), hash: fromHex(hash.startsWith('0x') ? hash : `0x${hash}`) }
}

/** What the options say of whom to believe. */
export function trustConfig({
  sync,
}: {
  readonly sync: { readonly checkpoint: string; readonly trustPeers: number }
}): { readonly checkpoint?: Checkpoint; readonly trustPeers: number } {
  const checkpoint = parseCheckpoint(sync.checkpoint)
  return { trustPeers: sync.trustPeers, ...(checkpoint === undefined ? {} : { checkpoint }) }
}
