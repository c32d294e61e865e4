import { QuernError } from '../core/errors.ts'
import type { NodeApi } from '../node/api.ts'

/** A devnet makes hundreds of blocks in this time; longer means that it has stopped. */
const PATIENCE_MS = 30_000

/**
 * Resolves with the event after which `isMet` holds, so that whoever asked is answered with the block that made it true.
 * @param what the trouble is if that does not happen: `no new block`
 * @throws QuernError `DEVNET_STALLED`
 */
export function eventually(api: Pick<NodeApi, 'subscribe'>, isMet: () => boolean, what: string): Promise<void> {
  if (isMet()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const end = (): void => {
      unsubscribe()
      clearTimeout(timer)
    }
    const unsubscribe = api.subscribe(() => {
      if (!isMet()) return
      end()
      resolve()
    })
    const timer = setTimeout(() => {
      end()
      reject(
        new QuernError(
          'DEVNET_STALLED',
          `${what} after ${PATIENCE_MS / 1000} s: the devnet makes no progress; more than a third of it may be down or cut off`,
        ),
      )
    }, PATIENCE_MS)
  })
}
