/** What a peer answers that has nothing of what it is asked for. */
import type { PeerRequest, PeerResponse, PeerStatus } from './transport.ts'

/** @param status what it says of itself */
export function emptyAnswer(request: PeerRequest, status: PeerStatus): PeerResponse {
  switch (request.type) {
    case 'status':
      return { type: 'status', status }
    case 'block':
      return { type: 'block', block: undefined }
    case 'range':
    case 'receipts':
      return { type: request.type, blocks: [] }
    case 'certificates':
      return { type: 'certificates', certificates: [] }
    case 'chunk':
      return { type: 'chunk', chunk: { kind: 'unheld' } }
    case 'edges':
      return { type: 'edges', edges: [] }
    case 'headers':
      return { type: 'headers', headers: [] }
    case 'state':
      return { type: 'state', state: undefined }
    case 'result':
      return { type: 'result', result: undefined }
  }
}
