/** A question to a peer that may be anything. */
import { QuernError } from '../../core/errors.ts'
import type { PeerId, PeerRequest, ResponseTo, Transport } from '../../p2p/transport.ts'
import type { Clock } from '../clock.ts'

export interface AskModules {
  readonly transport: Pick<Transport, 'request' | 'blame'>
  readonly clock: Clock
}

/** A network gives up earlier; a transport that does not must not hold a question for ever. */
const ANSWER_TIMEOUT_MS = 15_000

/** Undefined when it did not answer: gone, slow or malformed, which the transport punishes. */
export async function ask<Request extends PeerRequest>(
  peer: PeerId,
  question: Request,
  { transport, clock }: AskModules,
): Promise<ResponseTo<Request> | undefined> {
  let cancel = (): void => {}
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.after(ANSWER_TIMEOUT_MS, () => resolve(undefined))
  })
  try {
    return await Promise.race([transport.request(peer, question), late])
  } catch (error) {
    if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') return undefined
    throw error
  } finally {
    cancel()
  }
}
