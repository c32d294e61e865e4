/** Whoever answers a light client: peers, or a node's JSON-RPC. Nothing a source says is believed before it verifies. */
import { fromHex, toHex } from '../../core/bytes.ts'
import { messageOf, QuernError } from '../../core/errors.ts'
import type { PeerId, ResponseTo, Transport } from '../../p2p/transport.ts'
import { decodeResponse, encodeRequest } from '../../p2p/wire.ts'
import { isLightRequest, type LightRequest } from '../../p2p/wire-light.ts'

export interface LightSource {
  /** For people: a peer id, a URL. */
  readonly name: string
  /** Newest final height it speaks of. @throws QuernError when it does not answer */
  height(): Promise<number>
  /** @throws QuernError when it does not answer, or not to the question */
  ask<Request extends LightRequest>(request: Request): Promise<ResponseTo<Request>>
  /** It sent what does not verify. */
  blame(): void
}

/** A source sent something that does not verify. Its `code` is that of the check that failed. */
export class LightLie extends QuernError {
  constructor(failure: { readonly code: string; readonly message: string; readonly meta?: QuernError['meta'] }) {
    super(failure.code, failure.message, failure.meta)
    this.name = 'LightLie'
  }
}

/** Sources asked for one thing: enough to meet an honest one, few enough to end soon. */
const MAX_ASKED = 8

/**
 * The first answer that is one. `use` returns undefined where a source does not have it, and throws a LightLie for what
 * does not verify, which costs that source.
 * @throws QuernError `LIGHT_UNANSWERED` that says what each source did
 */
export async function askEach<T>(
  sources: readonly LightSource[],
  what: string,
  use: (source: LightSource) => Promise<T | undefined>,
): Promise<T> {
  const said: string[] = []
  for (const source of sources.slice(0, MAX_ASKED)) {
    try {
      const answer = await use(source)
      if (answer !== undefined) return answer
      said.push(`${source.name} does not have it`)
    } catch (error) {
      if (!(error instanceof QuernError) || error.code === 'ASSERTION_FAILED') throw error
      if (error instanceof LightLie) source.blame()
      said.push(`${source.name}: ${error.code}`)
    }
  }
  const why = said.length === 0 ? 'no peer is connected' : said.join('; ')
  throw new QuernError('LIGHT_UNANSWERED', `nobody proves ${what}: ${why}; try again, or with other peers`)
}

/** Peers that are connected now. */
export const peerSources = (transport: Transport): LightSource[] =>
  transport.peers().map((peer) => peerSource(transport, peer))

const peerSource = (transport: Transport, peer: PeerId): LightSource => ({
  name: `peer ${peer}`,
  height: async () => (await transport.request(peer, { type: 'status' })).status.height,
  ask: (request) => transport.request(peer, request),
  blame: () => transport.blame(peer, 'LIGHT_ANSWER_INVALID'),
})

/** @param call JSON-RPC of a node that need not be trusted: `light_ask` carries questions and answers in their wire form */
export function rpcSource(
  name: string,
  call: (method: string, params: readonly unknown[]) => Promise<unknown>,
): LightSource {
  return {
    name,
    height: async () => heightIn(name, await call('chain_getStatus', [])),
    ask: async <Request extends LightRequest>(request: Request) => {
      const hex = await call('light_ask', [toHex(encodeRequest(request))])
      try {
        const response = decodeResponse(fromHex(hex as string))
        if (isLightRequest(response) && response.type === request.type) return response as ResponseTo<Request>
      } catch (cause) {
        throw new QuernError('PEER_ANSWER_INVALID', `${name} answers what cannot be read: ${messageOf(cause)}`)
      }
      throw new QuernError('PEER_ANSWER_INVALID', `${name} answers another question; ask another node`)
    },
    blame: () => {},
  }
}

function heightIn(name: string, status: unknown): number {
  const height = (status as { readonly finalized_height?: unknown } | null)?.finalized_height
  if (typeof height === 'number' && Number.isSafeInteger(height) && height >= 0) return height
  throw new QuernError('PEER_ANSWER_INVALID', `${name} does not say how high its chain is; ask another node`)
}
